/**
 * Keeps calls from an origin that is down: after so many in a row that got no answer at all, the next are refused at once, and
 * from time to time one is let through to see whether it is back. An answer of whatever status says that it is there.
 * Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
import { Cause, Clock, Effect, Exit } from "effect"
import { CircuitOpen, EgressError, type EgressReason } from "./EgressError.ts"

export interface CircuitBreaker {
  readonly through: <A, R>(call: Effect.Effect<A, EgressError, R>) => Effect.Effect<A, EgressError, R>
  /** Whether calls are kept away. */
  readonly isOpen: () => boolean
}

/** How many in a row open it, and for how long, in ms. */
const enough = 20
const pauseMillis = 5_000

/** What a failure says of the origin: no connection, or nothing on it, is down; a broken answer is one; the rest was never asked of it. */
const says: Record<EgressReason["_tag"], "down" | "there" | "nothing"> = {
  DnsLookupFailed: "down",
  ConnectFailed: "down",
  ConnectTimeout: "down",
  ProxyRefused: "down",
  TlsFailed: "down",
  HeadersTimeout: "down",
  ConnectionReset: "down",
  BodyIncomplete: "there",
  IdleTimeout: "there",
  ResponseTooLarge: "there",
  NoRoom: "there",
  UnsupportedContentEncoding: "there",
  ProtocolError: "there",
  DeadlineExceeded: "nothing",
  PoolExhausted: "nothing",
  PoolClosed: "nothing",
  CircuitOpen: "nothing",
  InvalidOutboundRequest: "nothing",
  UnsupportedScheme: "nothing",
  BlockedPort: "nothing",
  UserInfoInUrl: "nothing",
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
  let openUntil = 0
  /** How often it has opened: what fails late, and began before that, has been counted with. */
  let openings = 0

  const learn = (began: number, isTrial: boolean, clock: Clock.Clock) => (exit: Exit.Exit<unknown, EgressError>) =>
    Effect.sync(() => {
      const failure = Exit.isSuccess(exit) ? undefined : exit.cause.reasons.find(Cause.isFailReason)
      const said = Exit.isSuccess(exit) ? "there" : failure === undefined ? "nothing" : says[failure.error.reason._tag]
      if (said === "there") failures = 0
      // Who went away has learnt nothing: the next may try.
      if (said === "nothing" && isTrial) openUntil = 0
      if (said !== "down" || began !== openings) return
      failures += 1
      if (failures < enough) return
      if (failures === enough) openings += 1
      openUntil = clock.currentTimeMillisUnsafe() + pauseMillis
    })

  return {
    isOpen: () => failures >= enough,
    through: (call) =>
      Effect.clockWith((clock) => {
        const isTrial = failures >= enough
        if (isTrial) {
          const now = clock.currentTimeMillisUnsafe()
          // A clock that was set back does not keep it open for longer.
          openUntil = Math.min(openUntil, now + pauseMillis)
          const retryAfterMillis = openUntil - now
          if (retryAfterMillis > 0)
            return Effect.fail(EgressError.from(new CircuitOpen({ origin, failures, retryAfterMillis })))
          // This one tries; should it never end, another does after a pause.
          openUntil = now + pauseMillis
        }
        return Effect.onExit(call, learn(openings, isTrial, clock))
      }),
  }
}
