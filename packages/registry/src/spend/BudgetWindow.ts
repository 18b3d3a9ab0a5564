/** The time in which a budget may be spent, in UTC. */

export const windows = ["day", "month", "total"] as const
export type BudgetWindow = (typeof windows)[number]

/** What names the window at a time in ms since 1970: a day such as `2026-11-28`, a month such as `2026-11`, or nothing. */
export const idOf = (window: BudgetWindow, now: number): string => dayOf(now).slice(0, lengths[window])

export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10)

const lengths: Readonly<Record<BudgetWindow, number>> = { day: 10, month: 7, total: 0 }

/** The same as a number: 20261128, 202611, or 0. */
export const numberOf = (window: BudgetWindow, now: number): number => Number(idOf(window, now).replaceAll("-", ""))

/** In ms: how long it is until the next window; `Infinity` where there is none. */
export const untilNext = (window: BudgetWindow, now: number): number => {
  if (window === "total") return Infinity
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  return (window === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1)) - now
}
