/** How many tokens each key may still spend today. A day ends at midnight, UTC; a restart of the server begins it again. */
import type { Result } from "effect"
import * as Balance from "./Balance.ts"
import type { TokenClaim } from "./Limits.ts"
import type { Taken } from "./Taken.ts"

const day = 86_400_000

export interface TokenBudget {
  /** Takes the estimate, or what is left of the day; else fails with the wait in ms. `now` is in ms since 1970. */
  readonly take: (claim: TokenClaim, now: number) => Result.Result<Taken, number>
}

export const make = (): TokenBudget => {
  let today = 0
  const days = new Map<string, Balance.Balance>()
  const turn = (now: number) => {
    const current = Math.floor(now / day)
    // A clock that is set back over midnight by a little gives no second budget; one that was a year ahead does not hold up a year.
    if (current === today || current === today - 1) return
    today = current
    days.clear()
  }
  const dayOf = (key: string): Balance.Balance => {
    const known = days.get(key)
    if (known !== undefined) return known
    const fresh = Balance.beginWith(0)
    days.set(key, fresh)
    return fresh
  }
  return {
    take: ({ key, perDay, estimate }, now) => {
      turn(now)
      // A call counts for the day on which it began, also where it ends on the next.
      return Balance.reserve(dayOf(key), perDay, estimate, () => Math.min(day, (today + 1) * day - now))
    },
  }
}
