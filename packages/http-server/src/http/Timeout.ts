/** A caller's `timeout`: one bound for everything that is done for a request, and no retry that would begin after it. */
import { Clock, Effect, Result } from "effect"
import { BadParameter, RequestError, TimedOut } from "./RequestError.ts"
import * as TimeUnit from "./TimeUnit.ts"

/** Interrupts what is under way when the time is over, counted from the timeout's beginning. */
export type Bound = <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | RequestError, R>

export interface Timeout {
  readonly within: Bound
  /** In ms since 1970; absent without a timeout. */
  readonly deadline?: number
}

const unbound: Timeout = { within: (call) => call }

/** A call that is bound from its beginning to its end; it is given its deadline. */
export const within = <A, E, R>(
  timeout: string | undefined,
  call: (timeout: Pick<Timeout, "deadline">) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | RequestError, R> =>
  timeout === undefined ? call(unbound) : Effect.flatMap(begin(timeout), (bound) => bound.within(call(bound)))

export const begin = (timeout: string | undefined): Effect.Effect<Timeout, RequestError> =>
  timeout === undefined ? Effect.succeed(unbound) : bound(timeout)

const bound = Effect.fnUntraced(function* (timeout: string): Effect.fn.Return<Timeout, RequestError> {
  const read = Result.mapError(TimeUnit.read("timeout", timeout), (message) =>
    RequestError.from(new BadParameter({ message })),
  )
  const deadline = (yield* Clock.currentTimeMillis) + (yield* Effect.fromResult(read))
  return {
    deadline,
    within: (call) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.timeoutOrElse(call, {
          duration: Math.max(0, deadline - now),
          orElse: () => Effect.fail(RequestError.from(new TimedOut({ timeout }))),
        }),
      ),
  }
})
