/** What one predict took at its platforms: filled in while its calls are made, for who wants to know. */
import { performance } from "node:perf_hooks"
import { Context, Effect } from "effect"

export interface Journey {
  /** The `traceparent` of its calls: https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent: string | undefined
  /** When its caller goes, in ms since 1970, where he said so. */
  deadline: number | undefined
  /** Where the last call went. */
  origin: string | undefined
  /** How often something was sent, retries included. */
  attempts: number
  /** By `performance.now()`: the first call's beginning, and the last one's end; calls may be under way side by side. */
  began: number | undefined
  ended: number | undefined
  /** Tokens, as the platforms count them. */
  input: number
  output: number
}

export const Journey = Context.Reference<Journey | undefined>("@drawbar/connector-runtime/Journey", {
  defaultValue: () => undefined,
})

export const make = (traceparent?: string): Journey => ({
  traceparent,
  deadline: undefined,
  origin: undefined,
  attempts: 0,
  began: undefined,
  ended: undefined,
  input: 0,
  output: 0,
})

/** In ms: how long the platforms were waited for. */
export const upstreamMillis = ({ began, ended }: Journey): number =>
  began === undefined ? 0 : (ended ?? performance.now()) - began

/** A call that is part of it. */
export const timed = <A, E, R>(
  journey: Journey,
  origin: string,
  call: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    journey.began ??= performance.now()
    journey.origin = origin
    return Effect.onExit(call, () =>
      Effect.sync(() => {
        journey.ended = performance.now()
      }),
    )
  })
