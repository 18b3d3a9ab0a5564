/** What one predict took at its platforms: filled in while its calls are made, for who wants to know. */
import { performance } from "node:perf_hooks"
import { Context, Effect } from "effect"
import type { GenAi } from "./GenAi.ts"

/** Of one call: until its request goes out (queue and connection), until the answer's head, until the answer's end. */
export type Stage = "wait" | "head" | "body"

/** The bytes of bodies that the whole process holds; `Overload` looks at it. */
export interface Load {
  bytes: number
}

export interface Journey {
  /** What goes with its calls where it is traced: https://www.w3.org/TR/trace-context/ */
  readonly context: Readonly<Record<string, string>> | undefined
  /** When its caller goes, in ms since 1970, where he said so. */
  deadline: number | undefined
  /** Where the last call went, what it asks for, and the status of its answer. */
  origin: string | undefined
  genAi: GenAi | undefined
  status: number | undefined
  /** The model that the platform says has answered; only where it is traced. */
  responseModel: string | undefined
  calls: number
  /** How often something was sent, retries included. */
  attempts: number
  /** By `performance.now()`: the first call's beginning, and the last one's end; calls may be under way side by side. */
  began: number | undefined
  ended: number | undefined
  /** In ms; of all calls together. */
  wait: number
  head: number
  body: number
  /** Bytes of bodies, as they go over the wire. */
  sent: number
  received: number
  /** When the first piece of a stream came, and how many did. */
  first: number | undefined
  pieces: number
  /** Tokens, as the platforms count them. */
  input: number
  output: number
  /** Its share of the load. */
  held: number
  load: Load
}

export const Journey = Context.Reference<Journey | undefined>("@drawbar/connector-runtime/Journey", {
  defaultValue: () => undefined,
})

export const make = (context?: Journey["context"], load: Load = { bytes: 0 }): Journey => ({
  context,
  deadline: undefined,
  origin: undefined,
  genAi: undefined,
  status: undefined,
  responseModel: undefined,
  calls: 0,
  attempts: 0,
  began: undefined,
  ended: undefined,
  wait: 0,
  head: 0,
  body: 0,
  sent: 0,
  received: 0,
  first: undefined,
  pieces: 0,
  input: 0,
  output: 0,
  held: 0,
  load,
})

/** So many bytes more are kept for it. */
export const hold = (journey: Journey, bytes: number): void => {
  journey.held += bytes
  journey.load.bytes += bytes
}

/** It is over: what comes late weighs nothing any more. */
export const release = (journey: Journey): void => {
  journey.load.bytes -= journey.held
  journey.load = { bytes: 0 }
}

/** In ms: how long the platforms were waited for. */
export const upstreamMillis = ({ began, ended }: Journey): number =>
  began === undefined ? 0 : (ended ?? performance.now()) - began

/** A call that is part of it. */
export const timed = <A, E, R>(journey: Journey, call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    journey.began ??= performance.now()
    journey.calls += 1
    return Effect.onExit(call, () =>
      Effect.sync(() => {
        journey.ended = performance.now()
      }),
    )
  })
