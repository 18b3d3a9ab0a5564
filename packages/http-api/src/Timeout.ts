/** A caller's `timeout`: one bound for all that is done for him, and nothing is tried that would end after it. */
import { Journey } from "@drawbar/connector-runtime/Journey"
import { Clock, Effect, Result } from "effect"
import { BadParameter, because, type RequestError, TimedOut } from "./RequestError.ts"
import * as TimeUnit from "./TimeUnit.ts"

/** Cuts off what is under way when the time is over, counted from the timeout's beginning. */
export type Bound = <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | RequestError, R>

const unbound: Bound = (call) => call

/** A call that is bound from its beginning to its end. */
export const within = <A, E, R>(timeout: string | undefined, call: Effect.Effect<A, E, R>) =>
  timeout === undefined ? call : Effect.flatMap(begin(timeout), (bound) => bound(call))

export const begin = Effect.fnUntraced(function* (timeout: string | undefined): Effect.fn.Return<Bound, RequestError> {
  if (timeout === undefined) return unbound
  const read = Result.mapError(TimeUnit.read("timeout", timeout), (message) => because(new BadParameter({ message })))
  const deadline = (yield* Clock.currentTimeMillis) + (yield* Effect.fromResult(read))
  const journey = yield* Journey
  if (journey !== undefined) journey.deadline = deadline
  return (call) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.timeoutOrElse(call, {
        duration: Math.max(0, deadline - now),
        orElse: () => Effect.fail(because(new TimedOut({ timeout }))),
      }),
    )
})
