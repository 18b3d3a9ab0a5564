/**
 * The time at AWS, where this machine's clock is wrong: a signature that is more than some minutes off is refused, and the
 * refusal says what time it is there.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */
import type { Head } from "@drawbar/egress/Transport"

export interface AwsClock {
  /** In ms since 1970. */
  readonly correct: (now: number) => number
  /** Corrects the clock from the `Date` header of a rejection. Returns whether the clock was wrong. */
  readonly recover: (refusal: Head, now: number) => boolean
}

const year10000 = 253_402_300_800_000

/** In ms: AWS bears five minutes. */
const bearable = 240_000

export const make = (): AwsClock => {
  let offset = 0
  const correct = (now: number) => now + offset
  return {
    correct,
    recover: ({ status, headers }, now) => {
      if (status !== 400 && status !== 403) return false
      const there = Date.parse(String(headers["date"]))
      // A date that SigV4 cannot sign would block every later request, and with it the response that could correct the clock.
      if (!(there >= 0 && there < year10000) || Math.abs(there - correct(now)) < bearable) return false
      offset = there - now
      return true
    },
  }
}
