/**
 * How often something may be done, exact in one process: the generic cell rate algorithm.
 * A limit of 4 a minute lets 4 through at once, then one every 15 seconds.
 * Source: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import type { RateLimit } from "@drawbar/registry/models/RateLimit"

export interface Claim {
  /** Whose limit it is. */
  readonly key: string
  readonly limit: RateLimit
}

export interface RateLimiter {
  /**
   * Takes one from each limit, or none of them: then answers which of the claims is refused, and in how many milliseconds
   * it would not be; `Infinity` where never. `now` is in ms since 1970. `calls`: takes that many at once, 1 if absent.
   */
  readonly take: (claims: ReadonlyArray<Claim>, now: number, calls?: number) => Refusal | undefined
}

export interface Refusal {
  readonly key: string
  readonly waitMillis: number
}

interface Cell {
  /** Milliseconds that one takes. */
  readonly interval: number
  /** How far ahead of its time one may come, in ms. */
  readonly tolerance: number
  /** When the next one would come if each kept its time, in ms since 1970. */
  next: number
}

export const make = (): RateLimiter => {
  let sweptFrom = enough
  const cells = new BoundedMap<Cell>(kept, () => cellBytes)
  const cellOf = ({ key, limit }: Claim, now: number): Cell | undefined => {
    const fresh = cell(limit, now)
    const known = cells.get(key)
    if (fresh === undefined || (known?.interval === fresh.interval && known.tolerance === fresh.tolerance))
      return fresh === undefined ? undefined : known
    cells.set(key, fresh)
    return fresh
  }
  return {
    take: (claims, now, calls = 1) => {
      // Those that a full bucket stands for need not be kept; looked for once in a while, as it takes a walk over all of them.
      if (cells.size > sweptFrom) {
        for (const [key, { next }] of cells) if (next < now) cells.delete(key)
        sweptFrom = Math.max(enough, 2 * cells.size)
      }
      const taken: Array<Cell> = []
      for (const claim of claims) {
        const found = cellOf(claim, now)
        if (found === undefined) continue
        // A clock that was set back must not stop what it limits for longer than the limit itself would.
        found.next = Math.min(found.next, now + found.tolerance + found.interval)
        const further = calls === 1 ? 0 : (calls - 1) * found.interval
        // More than the limit ever lets through at once.
        if (further > found.tolerance) return { key: claim.key, waitMillis: Infinity }
        const waitMillis = Math.max(found.next - now, 0) + further - found.tolerance
        if (waitMillis > 0) return { key: claim.key, waitMillis }
        taken.push(found)
      }
      for (const found of taken) found.next = Math.max(found.next, now) + calls * found.interval
      return undefined
    },
  }
}

/** Beyond so many limits those that have been unused for their whole time are dropped, and beyond the bound the oldest. */
const enough = 10_000
const kept = { entries: 100_000, bytes: 50_000_000 }
const cellBytes = 100

// Both fields are needed to take effect.
const cell = ({ limit, unit }: RateLimit, now: number): Cell | undefined => {
  if (limit === undefined || unit === undefined) return undefined
  const count = Number(limit)
  if (count === 0) return { interval: Infinity, tolerance: 0, next: Infinity }
  const interval = millis[unit] / count
  return { interval, tolerance: (Math.max(count, 1) - 1) * interval, next: now }
}

const millis: Readonly<Record<NonNullable<RateLimit["unit"]>, number>> = {
  DAYS: 86_400_000,
  HOURS: 3_600_000,
  MINUTES: 60_000,
  SECONDS: 1_000,
  MILLISECONDS: 1,
  MICROSECONDS: 1e-3,
  NANOSECONDS: 1e-6,
}
