/**
 * An answer that goes out piece by piece, as server-sent events.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from "node:http"
import { Effect, type Scope } from "effect"
import type { ApiError } from "./OpenSearchError.ts"
import type { Bound } from "./Timeout.ts"

export class EventStream {
  /** The data of each event, those that are there together in one list. What fails before the first is a refusal like any other. */
  readonly events: Effect.Effect<AsyncIterable<ReadonlyArray<string>>, ApiError, Scope.Scope>
  /** The data of the one event that tells of a failure later on. */
  readonly failure: (cause: unknown) => string
  /** How long it may take. */
  readonly within: Bound
  constructor(events: EventStream["events"], failure: EventStream["failure"], within: Bound) {
    this.events = events
    this.failure = failure
    this.within = within
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
  events: AsyncIterable<ReadonlyArray<string>>,
  { failure, within }: EventStream,
  response: ServerResponse,
): Effect.Effect<unknown> => {
  const fail = (cause: unknown) => {
    end(response, failure(cause))
    return cause
  }
  return Effect.promise(async () => {
    try {
      for await (const data of events) await write(response, data.map(frame).join(""))
      response.end()
      return undefined
    } catch (cause) {
      return fail(cause)
    }
  }).pipe(
    within,
    Effect.catch((error) => Effect.sync(() => fail(error))),
  )
}

/** What the one event of a failure says. */
export const failed = (error: string, status: number): string => JSON.stringify({ error, status })

const frame = (data: string) => `data: ${data}\n\n`

/** Says the last word, if nobody has. */
export const end = (response: ServerResponse, data: string): void => {
  if (!response.writableEnded) response.end(frame(data))
}

const write = async (response: ServerResponse, text: string): Promise<void> => {
  if (response.destroyed || response.writableEnded || response.write(text)) return
  await new Promise<void>((resolve) => {
    const go = () => {
      response.off("drain", go).off("close", go)
      resolve()
    }
    response.once("drain", go).once("close", go)
  })
}
