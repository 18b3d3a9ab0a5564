/**
 * The number of retries that all calls of a connector may make together: one for every five calls, plus ten per second.
 * If an upstream is down for all calls, each is sent once, which lets it recover. Source:
 * https://sre.google/sre-book/handling-overload/
 */
export interface RetryBudget {
  /** Called when a call begins. */
  readonly earn: () => void
  /** Whether a request may be retried, at this time in ms since 1970. */
  readonly spend: (now: number) => boolean
}

const retriesPerCall = 0.2
const retriesPerSecond = 10
/** The number of retries that can accumulate, where no other is given: one second's worth. */
const defaultSavedRetries = 10

/** In ms: a larger step back in time means that the clock was set back, not that calls were reordered. */
const reorderedMs = 60_000

/** `maxSavedRetries`: the number of retries that can accumulate. */
export const make = (maxSavedRetries = defaultSavedRetries): RetryBudget => {
  let saved = maxSavedRetries
  let lastRefill = 0
  return {
    earn: () => {
      saved = Math.min(maxSavedRetries, saved + retriesPerCall)
    },
    spend: (now) => {
      saved = Math.min(maxSavedRetries, saved + (Math.max(0, now - lastRefill) / 1_000) * retriesPerSecond)
      // Calls can arrive in a different order from that in which they read the clock.
      lastRefill = lastRefill - now > reorderedMs ? now : Math.max(lastRefill, now)
      if (saved < 1) return false
      saved -= 1
      return true
    },
  }
}
