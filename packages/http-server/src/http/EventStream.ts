/**
 * An answer that goes out piece by piece, as server-sent events.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from "node:http"
import { Effect, type Scope } from "effect"
import type { FailureSummary } from "./ApiFace.ts"
import type { Bound } from "./Timeout.ts"

/** An event with a name of its own. */
export interface NamedEvent {
  readonly name: string
  readonly data: string
}

export type Event = string | NamedEvent

/** What the last event of a stream that has failed says, and what the operator sees of it. */
export interface StreamFailure {
  readonly data: string
  readonly summary: FailureSummary | undefined
}

/** `E`: what it may fail with before its first event. */
export class EventStream<out E = unknown> {
  /** Each event, or its data, those that are there together in one list. What fails before the first is a refusal like any other. */
  readonly events: Effect.Effect<AsyncIterable<ReadonlyArray<Event>>, E, Scope.Scope>
  /** Describes a failure after the first event. */
  readonly failure: (cause: unknown) => StreamFailure
  /** How long it may take. */
  readonly within: Bound
  /** Headers of the response, asked for once the first event is there. */
  readonly headers: (() => Readonly<Record<string, string>>) | undefined
  constructor(
    events: EventStream<E>["events"],
    failure: EventStream<E>["failure"],
    within: Bound,
    headers?: EventStream["headers"],
  ) {
    this.events = events
    this.failure = failure
    this.within = within
    this.headers = headers
  }
}

export const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  // A proxy that keeps pieces back makes one of them all.
  "X-Accel-Buffering": "no",
} as const

/** Sends the events no faster than they are read, and ends once: after the last, or after the failure, which it returns. */
export const send = (
  events: AsyncIterable<ReadonlyArray<Event>>,
  { failure, within }: EventStream,
  response: ServerResponse,
): Effect.Effect<FailureSummary | undefined> => {
  const fail = (cause: unknown) => {
    const { data, summary } = failure(cause)
    end(response, data)
    return summary
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

const frame = (event: Event) =>
  typeof event === "string" ? `data: ${event}\n\n` : `event: ${event.name}\ndata: ${event.data}\n\n`

/** Sends the last event, unless the response has ended. */
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
