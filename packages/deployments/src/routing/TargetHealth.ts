/**
 * What is known of one target of a route: how fast it answers, and whether it rests because it failed. A target that rests is asked
 * only where no other one can answer. When its rest is over, one call at a time tries it.
 * Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
import type { FailureClass } from "./FallbackClass.ts"

export interface TargetHealth {
  /** A call begins. */
  readonly begin: () => Asked
  /** Whether it may take calls of its share. `now` is in ms. */
  readonly isReady: (now: number) => boolean
  /** How long an answer takes, in ms, and longer with each call under way; of a target that was not measured for long, less. */
  readonly load: (now: number) => number
  /** In ms since 1970: until when it rests; 0 where it does not. */
  readonly restsUntil: () => number
  /** A probe is on its way: until it has ended, no call tries the target. Returns what ends it. */
  readonly probing: () => (isThere: boolean, now: number) => void
}

/** A call under way; the first of these counts. */
export interface Asked {
  /** It answered after so many ms. */
  readonly answered: (millis: number, now: number) => void
  /** It refused the call: it is there. */
  readonly refused: () => void
  /** The call ended without a word of the target. */
  readonly left: () => void
  /** Returns whether it rests from now on because it cannot be reached: a probe should look when it is back. */
  readonly failed: (failure: FailureClass, retryAfter: number | undefined, now: number) => boolean
}

/** In ms: the first rest, the longest, and the longest that a target may ask for. */
const shortestRest = 1_000
const longestRest = 30_000
const longestAsked = 300_000

/** How many failures in a row make it rest. One input alone may be why a provider fails, or takes too long. */
const failuresToRest: Partial<Record<FailureClass, number>> = {
  connect_failure: 1,
  circuit_open: 1,
  rate_limited: 1,
  unavailable: 1,
  timeout: 3,
  server_error: 3,
}

/** Failures after which a probe can tell whether the target is back. */
const isProbed: ReadonlySet<FailureClass> = new Set<FailureClass>(["connect_failure", "circuit_open", "timeout"])

/** In ms: in that time a measured latency loses half of its weight, so that a target that was slow is tried again. */
const halfLife = 10_000
/** How much of the last answer is in the average. */
const gain = 0.3
/** Of a target that was not measured, in ms. */
const unmeasured = 1

export const make = (): TargetHealth => {
  let failures = 0
  let rest = 0
  let until = 0
  let underWay = 0
  let isTried = false
  let isBeingProbed = false
  let latency = 0
  let measuredAt = 0

  const isResting = () => rest > 0
  const recovered = () => {
    failures = 0
    rest = 0
    until = 0
  }
  const restFrom = (now: number, asked: number | undefined) => {
    rest = rest === 0 ? shortestRest : Math.min(longestRest, rest * 2)
    until = now + Math.max(rest, Math.min(asked ?? 0, longestAsked))
  }

  return {
    isReady: (now) => !isResting() || (!isBeingProbed && !isTried && now >= until),
    restsUntil: () => until,
    load: (now) => {
      const decayed = latency * 0.5 ** (Math.max(0, now - measuredAt) / halfLife)
      return Math.max(unmeasured, decayed) * (underWay + 1)
    },
    probing: () => {
      isBeingProbed = true
      return (isThere, now) => {
        isBeingProbed = false
        if (!isResting()) return
        if (isThere) until = now
        else restFrom(now, undefined)
      }
    },
    begin: () => {
      underWay++
      const isTrial = isResting()
      if (isTrial) isTried = true
      let isOpen = true
      const end = () => {
        if (!isOpen) return false
        isOpen = false
        underWay--
        if (isTrial) isTried = false
        return true
      }
      return {
        answered: (millis, now) => {
          if (!end()) return
          // A call that began before the rest says nothing about its cause.
          if (isTrial || !isResting()) recovered()
          latency = latency === 0 ? millis : latency + gain * (millis - latency)
          measuredAt = now
        },
        refused: () => {
          if (end()) recovered()
        },
        left: () => void end(),
        failed: (failure, retryAfter, now) => {
          if (!end()) return false
          failures++
          const toRest = failuresToRest[failure]
          if (toRest === undefined) {
            recovered()
            return false
          }
          // Calls that began together fail together: that is one failure.
          if (isResting() && !isTrial) return false
          if (!isTrial && failures < toRest) return false
          restFrom(now, retryAfter)
          return isProbed.has(failure)
        },
      }
    },
  }
}
