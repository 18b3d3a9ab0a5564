/**
 * An answer that goes out piece by piece, as server-sent events.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from "node:http"
import { Effect, type Scope } from "effect"
import type { ApiError } from "./OpenSearchError.ts"

export class EventStream {
  /** The data of each event. What fails before the first is a refusal like any other. */
  readonly events: Effect.Effect<AsyncIterable<string>, ApiError, Scope.Scope>
  /** The data of the one event that tells of a failure later on. */
  readonly failure: (cause: unknown) => string
  constructor(events: EventStream["events"], failure: EventStream["failure"]) {
    this.events = events
    this.failure = failure
  }
}

export const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  // A proxy that keeps pieces back makes one of them all.
  "X-Accel-Buffering": "no",
} as const

/** Sends the events no faster than they are read, and ends once: after the last, or after the failure, which is answered. */
export const send = (
  events: AsyncIterable<string>,
  failure: EventStream["failure"],
  response: ServerResponse,
): Effect.Effect<unknown> =>
  Effect.promise(async () => {
    try {
      for await (const data of events) await write(response, data)
    } catch (cause) {
      await write(response, failure(cause))
      response.end()
      return cause
    }
    response.end()
    return undefined
  })

const write = async (response: ServerResponse, data: string): Promise<void> => {
  if (response.destroyed || response.writableEnded || response.write(`data: ${data}\n\n`)) return
  await new Promise<void>((resolve) => {
    const go = () => {
      response.off("drain", go).off("close", go)
      resolve()
    }
    response.once("drain", go).once("close", go)
  })
}
