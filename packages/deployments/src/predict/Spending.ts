/** What one call has taken of the limits, and what it and the models that judge it have used. */
import { ConnectorError, type Reason } from "@drawbar/connector-runtime/ConnectorError"
import type { Reservation, Spent } from "@drawbar/registry/limits/Limits"
import { Cause, Effect, Exit } from "effect"

export interface Spending {
  /** Adds tokens that were reported, and what they have cost. */
  readonly add: (tokens: number, spent: Spent) => void
  /** The call is over; `exit` is how it ended. */
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Of a call that no limit counts. */
export const uncounted: Spending = { add: () => {}, end: () => Effect.void }

/** `failed`: what counts for a call that failed after the upstream may have worked on it, and reported nothing. */
export const of = (reservation: Reservation, failed: () => Spent): Spending => {
  let used = 0
  let all: Spent = { tokens: 0, nano_usd: 0 }
  let isOver = false
  return {
    add: (tokens, spent) => {
      used += tokens
      all = { tokens: all.tokens + spent.tokens, nano_usd: all.nano_usd + spent.nano_usd }
    },
    end: (exit) =>
      logged(
        Effect.suspend(() => {
          if (!isOver && used === 0 && all.tokens === 0 && mayHaveUsed(exit)) {
            all = failed()
            used = all.tokens
          }
          isOver = true
          return reservation.settle(used, all)
        }),
      ),
  }
}

/** The predict has ended as it has: that its count could not be corrected fails no caller. */
const logged = <E extends { readonly message: string }>(ending: Effect.Effect<void, E>): Effect.Effect<void> =>
  Effect.catch(ending, ({ message }) => Effect.logWarning(`A limit could not be corrected after its call: ${message}`))

/** A caller that goes away, or that makes the call fail late, has had the upstream's work all the same. */
const mayHaveUsed = (exit: Exit.Exit<unknown, unknown>): boolean => {
  if (Exit.isSuccess(exit)) return false
  return exit.cause.reasons.some((reason) =>
    Cause.isFailReason(reason)
      ? reason.error instanceof ConnectorError && late.has(reason.error.reason._tag)
      : Cause.isInterruptReason(reason),
  )
}

const late: ReadonlySet<Reason["_tag"]> = new Set<Reason["_tag"]>([
  "InvalidUpstreamResponse",
  "GuardrailTriggered",
  "HeadersTimeout",
  "IdleTimeout",
  "DeadlineExceeded",
  "ConnectionReset",
  "BodyIncomplete",
  "ResponseTooLarge",
])
