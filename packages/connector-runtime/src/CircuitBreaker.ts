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

/** What a failure says of the origin: no connection, or nothing on it, is down; a broken answer is one; the rest was never asked of it. */
const says: Record<EgressReason["_tag"], "down" | "there" | "nothing"> = {
  NameNotResolved: "down",
  ConnectFailed: "down",
  ConnectTimeout: "down",
  ProxyRefused: "down",
  TlsFailed: "down",
  HeadersTimeout: "down",
  ConnectionReset: "down",
  IdleTimeout: "there",
  BodyIncomplete: "there",
  ResponseTooLarge: "there",
  BadEncoding: "there",
  ProtocolError: "there",
  DeadlineExceeded: "nothing",
  PoolExhausted: "nothing",
  PoolClosed: "nothing",
  CircuitOpen: "nothing",
  Unsendable: "nothing",
  BadScheme: "nothing",
  BadPort: "nothing",
  UserInfo: "nothing",
  NotTrusted: "nothing",
  PrivateAddress: "nothing",
  RestrictedAddress: "nothing",
  OriginMismatch: "nothing",
  VerificationRequired: "nothing",
}

/** Whether it brings the breaker nearer to opening. */
export const counts = (reason: EgressReason): boolean => says[reason._tag] === "down"

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
      const said = failure === undefined ? "nothing" : says[failure.error.reason._tag]
      if (said === "nothing") return
      failures = said === "down" ? failures + 1 : 0
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
