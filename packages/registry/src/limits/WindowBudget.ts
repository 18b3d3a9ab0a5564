/** How much of its budget each key may still spend in the current day, month, or at all. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { Result } from "effect"
import * as BudgetWindow from "../spend/BudgetWindow.ts"
import type { BudgetClaim } from "./Limits.ts"
import type { Taken } from "./Taken.ts"

/** What was spent of a budget before, such as before a restart; in nano-USD or tokens. */
export type SpentBefore = (claim: Pick<BudgetClaim, "key" | "unit" | "window">, now: number) => number

export interface WindowBudget {
  /** Takes the estimate, or what is left; else fails with the wait in ms. `now` is in ms since 1970. */
  readonly take: (claim: BudgetClaim, now: number) => Result.Result<Taken, number>
}

interface Spent {
  readonly id: string
  /** By calls that have ended. */
  spent: number
  /** By calls under way. */
  reserved: number
  /** Whether one of them has reserved less than it may cost. */
  isShort: boolean
}

/** In ms: what is reserved may come back as soon as one of the calls under way has ended. */
const reservedWaitMs = 1_000

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
        of = { id, spent: spentBefore(claim, now), reserved: 0, isShort: false }
        budgets.set(name, of)
      }
      const current = of
      const left = limit - current.spent - current.reserved
      if (left <= 0) return Result.fail(current.spent >= limit ? BudgetWindow.untilNext(window, now) : reservedWaitMs)
      const wanted = Math.max(1, estimate)
      const isShort = wanted > left
      // Two at once could both spend more than they have reserved.
      if (isShort && current.isShort) return Result.fail(reservedWaitMs)
      const taken = Math.min(left, wanted)
      current.reserved += taken
      current.isShort ||= isShort
      const end = () => {
        current.reserved -= taken
        if (isShort) current.isShort = false
      }
      return Result.succeed({
        settle: (_, spent) => {
          end()
          current.spent += spent[unit]
        },
        release: end,
      })
    },
  }
}
