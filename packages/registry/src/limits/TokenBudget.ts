/** How many tokens each key may still spend today. A day ends at midnight, UTC; a restart of the server begins it again. */
import { Result } from "effect"
import type { TokenClaim } from "./Limits.ts"
import type { Taken } from "./Taken.ts"

const day = 86_400_000

/** In ms: what is reserved may come back as soon as one of the calls under way has ended. */
const reservedWaitMs = 1_000

export interface TokenBudget {
  /** Takes the estimate, or what is left of the day; else fails with the wait in ms. `now` is in ms since 1970. */
  readonly take: (claim: TokenClaim, now: number) => Result.Result<Taken, number>
}

interface Day {
  /** By calls that have ended. */
  spent: number
  /** By calls under way. */
  reserved: number
  /** Whether one of them has reserved less than it may take. */
  isShort: boolean
}

export const make = (): TokenBudget => {
  let today = 0
  const days = new Map<string, Day>()
  const turn = (now: number) => {
    const current = Math.floor(now / day)
    // A clock that is set back over midnight by a little gives no second budget; one that was a year ahead does not hold up a year.
    if (current === today || current === today - 1) return
    today = current
    days.clear()
  }
  const dayOf = (key: string): Day => {
    const known = days.get(key)
    if (known !== undefined) return known
    const fresh = { spent: 0, reserved: 0, isShort: false }
    days.set(key, fresh)
    return fresh
  }
  return {
    take: ({ key, perDay, estimate }, now) => {
      turn(now)
      // A call counts for the day on which it began, also where it ends on the next.
      const of = dayOf(key)
      const left = perDay - of.spent - of.reserved
      if (left <= 0) return Result.fail(of.spent >= perDay ? Math.min(day, (today + 1) * day - now) : reservedWaitMs)
      const wanted = Math.max(1, estimate)
      const isShort = wanted > left
      // Two at once could both use more than they have reserved.
      if (isShort && of.isShort) return Result.fail(reservedWaitMs)
      const taken = Math.min(left, wanted)
      of.reserved += taken
      of.isShort ||= isShort
      const end = () => {
        of.reserved -= taken
        if (isShort) of.isShort = false
      }
      return Result.succeed({
        settle: (tokens) => {
          end()
          of.spent += tokens
        },
        release: end,
      })
    },
  }
}
