/**
 * Keeps calls from an origin that is down: after so many in a row that got no answer at all, the next are refused at once, and
 * from time to time one is let through to see whether it is back. An answer of whatever status says that it is there.
 * Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
import { Cause, Clock, Effect, Exit } from "effect"
import { because, CircuitOpen, type EgressError, type EgressReason } from "./EgressError.ts"

export interface CircuitBreaker {
  readonly through: <A, R>(call: Effect.Effect<A, EgressError, R>) => Effect.Effect<A, EgressError, R>
}

/** How many in a row open it, and for how long, in ms. */
const enough = 20
const pauseMillis = 5_000

/** No connection, or nothing on it: a busy pool, a broken answer or a refusal are another matter. */
const isDown: Partial<Record<EgressReason["_tag"], true>> = {
  NameNotResolved: true,
  ConnectFailed: true,
  ConnectTimeout: true,
  ProxyRefused: true,
  TlsFailed: true,
  HeadersTimeout: true,
  ConnectionReset: true,
}

export const make = (origin: string): CircuitBreaker => {
  let failures = 0
  let closedUntil = 0
  let isTrying = false

  const learn = (clock: Clock.Clock) => (exit: Exit.Exit<unknown, EgressError>) =>
    Effect.sync(() => {
      isTrying = false
      if (Exit.isSuccess(exit)) return void (failures = 0)
      const failure = exit.cause.reasons.find(Cause.isFailReason)
      // Who went away has learnt nothing.
      if (failure === undefined) return
      failures = isDown[failure.error.reason._tag] === true ? failures + 1 : 0
      if (failures >= enough) closedUntil = clock.currentTimeMillisUnsafe() + pauseMillis
    })

  return {
    through: (call) =>
      Effect.clockWith((clock) => {
        if (failures >= enough) {
          const retryAfterMillis = isTrying ? pauseMillis : closedUntil - clock.currentTimeMillisUnsafe()
          if (retryAfterMillis > 0) return Effect.fail(because(new CircuitOpen({ origin, failures, retryAfterMillis })))
          isTrying = true
        }
        return Effect.onExit(call, learn(clock))
      }),
  }
}
