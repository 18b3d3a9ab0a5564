/** How much of its budget each key may still spend in the current day, month, or at all. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { Result } from "effect"
import * as BudgetWindow from "../spend/BudgetWindow.ts"
import * as Balance from "./Balance.ts"
import type { BudgetClaim } from "./Limits.ts"
import type { Taken } from "./Taken.ts"

/** What was spent of a budget before, such as before a restart; in nano-USD or tokens. */
export type SpentBefore = (claim: Pick<BudgetClaim, "key" | "unit" | "window">, now: number) => number

export interface WindowBudget {
  /** Takes the estimate, or what is left; else fails with the wait in ms. `now` is in ms since 1970. */
  readonly take: (claim: BudgetClaim, now: number) => Result.Result<Taken, number>
}

interface Spent extends Balance.Balance {
  readonly id: string
}

/** Two for each key with a budget; those that were begun first leave first, and are read again from what was recorded. */
const maxKept = { entries: 100_000, bytes: 50_000_000 }
const entryBytes = 100

export const make = (spentBefore: SpentBefore): WindowBudget => {
  const budgets = new BoundedMap<Spent>(maxKept, () => entryBytes)
  return {
    take: (claim, now) => {
      const { key, unit, window, limit, estimate } = claim
      const name = `${unit} ${window} ${key}`
      const id = BudgetWindow.idOf(window, now)
      let of = budgets.get(name)
      // A call counts for the window in which it began, also where it ends in the next.
      if (of?.id !== id) {
        of = { id, ...Balance.beginWith(spentBefore(claim, now)) }
        budgets.set(name, of)
      }
      return Result.map(
        Balance.reserve(of, limit, estimate, () => BudgetWindow.untilNext(window, now)),
        ({ settle, release }) => ({ settle: (_, spent) => settle(spent[unit]), release }),
      )
    },
  }
}
