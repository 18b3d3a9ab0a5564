/**
 * How many attempts beyond the first the calls of a connector may make together: one for each five calls, and ten a second.
 * Where a platform is down for all, each call is sent once, and the platform gets up again.
 * Source: https://sre.google/sre-book/handling-overload/
 */
export interface RetryBudget {
  /** A call begins. */
  readonly earn: () => void
  /** Whether one may be sent again, at this time in ms since 1970. */
  readonly spend: (now: number) => boolean
}

const eachCall = 0.2
const eachSecond = 10
/** What is saved up at the most: one second's worth. */
const most = 10

/** In ms: calls are not told times that lie further apart in another order; then the clock was set back. */
const reorderedMs = 60_000

export const make = (): RetryBudget => {
  let saved = most
  let at = 0
  return {
    earn: () => {
      saved = Math.min(most, saved + eachCall)
    },
    spend: (now) => {
      saved = Math.min(most, saved + (Math.max(0, now - at) / 1_000) * eachSecond)
      // Calls that were told the time one after the other may come in another order.
      at = at - now > reorderedMs ? now : Math.max(at, now)
      if (saved < 1) return false
      saved -= 1
      return true
    },
  }
}
