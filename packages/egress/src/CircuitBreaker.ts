/**
 * Stops calls to an origin that is down. After a number of consecutive calls without any response, further calls fail
 * immediately, and one probe at a time is let through to detect recovery. A response of any status shows that the
 * origin is up. Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
import { Cause, Clock, Effect, Exit } from "effect"
import { CircuitOpen, EgressError, type EgressReason } from "./EgressError.ts"

export interface CircuitBreaker {
  readonly through: <A, R>(call: Effect.Effect<A, EgressError, R>) => Effect.Effect<A, EgressError, R>
  /** Whether calls are currently rejected. */
  readonly isOpen: () => boolean
}

/** Consecutive failures that open the circuit, and how long it stays open, in ms. */
const failuresToOpen = 20
const openForMillis = 5_000

/**
 * What a failure shows about the origin. Without a connection or a response it is down; a broken response shows that it
 * is up; other failures happen before the origin is contacted.
 */
const healthByReason: Record<EgressReason["_tag"], "down" | "there" | "nothing"> = {
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

/** Whether the failure counts towards opening the circuit. */
export const counts = (reason: EgressReason): boolean => healthByReason[reason._tag] === "down"

export const make = (origin: string): CircuitBreaker => {
  let failures = 0
  let openUntil = 0
  /** Number of openings. A call that began before the last opening and fails later is not counted again. */
  let openings = 0

  const record =
    (began: number, isTrial: boolean, clock: Clock.Clock) =>
    (exit: Exit.Exit<unknown, EgressError>): undefined => {
      const failure = Exit.isSuccess(exit) ? undefined : exit.cause.reasons.find(Cause.isFailReason)
      const health = Exit.isSuccess(exit)
        ? "there"
        : failure === undefined
          ? "nothing"
          : healthByReason[failure.error.reason._tag]
      if (health === "there") failures = 0
      // An interrupted probe shows nothing, so the next call may probe.
      if (health === "nothing" && isTrial) openUntil = 0
      if (health !== "down" || began !== openings) return
      failures += 1
      if (failures < failuresToOpen) return
      if (failures === failuresToOpen) openings += 1
      openUntil = clock.currentTimeMillisUnsafe() + openForMillis
    }

  return {
    isOpen: () => failures >= failuresToOpen,
    through: (call) =>
      Effect.clockWith((clock) => {
        const isTrial = failures >= failuresToOpen
        if (isTrial) {
          const now = clock.currentTimeMillisUnsafe()
          // If the clock was set back, the circuit does not stay open for longer.
          openUntil = Math.min(openUntil, now + openForMillis)
          const retryAfterMillis = openUntil - now
          if (retryAfterMillis > 0)
            return Effect.fail(EgressError.from(new CircuitOpen({ origin, failures, retryAfterMillis })))
          // This call is the probe. If it never ends, another call probes after the same time.
          openUntil = now + openForMillis
        }
        return Effect.onExitPrimitive(call, record(openings, isTrial, clock))
      }),
  }
}
