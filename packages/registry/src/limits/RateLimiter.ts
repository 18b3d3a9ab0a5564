/**
 * How often something may be done, exact in one process: the generic cell rate algorithm.
 * A limit of 4 a minute lets 4 through at once, then one every 15 seconds.
 * Source: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { Result } from "effect"
import type { RateLimit } from "../models/RateLimit.ts"
import type { RateClaim } from "./Limits.ts"
import type { Taken } from "./Taken.ts"

export interface RateLimiter {
  /** Takes the calls of a claim, or fails with the wait in ms; `Infinity` where no wait helps, as for more calls than it ever lets through at once. `now` is in ms. */
  readonly take: (claim: RateClaim, now: number) => Result.Result<Taken, number>
}

interface Cell {
  /** Milliseconds that one takes. */
  readonly interval: number
  /** How many may come at once. */
  readonly burst: number
  /** When the next one would come if each kept its time, in ms. */
  next: number
  /** When it was last looked at, in ms. */
  seen: number
}

export const make = (): RateLimiter => {
  const cells = new BoundedMap<Cell>(maxKept, () => cellBytes)
  let maxCells = minCells

  const prune = (now: number) => {
    if (cells.size <= maxCells) return
    for (const [key, { next }] of cells) if (next < now) cells.delete(key)
    // Where most are in use, they are not all looked at again for each call.
    maxCells = Math.max(minCells, 2 * cells.size)
  }

  const cellOf = (key: string, { interval, burst }: Pick<Cell, "interval" | "burst">, now: number): Cell => {
    const known = cells.get(key)
    if (known?.interval === interval && known.burst === burst) return known
    const fresh = { interval, burst, next: now, seen: now }
    cells.set(key, fresh)
    return fresh
  }

  return {
    take: ({ key, limit, calls = 1 }, now) => {
      const rate = rateOf(limit)
      if (rate === undefined) return Result.succeed(unlimited)
      if (rate.interval === Infinity) return Result.fail(Infinity)
      prune(now)
      const cell = cellOf(key, rate, now)
      // A clock that was set back neither gives back what is used up nor holds it up for longer.
      if (now < cell.seen) cell.next -= cell.seen - now
      cell.seen = now
      const { interval, burst } = cell
      if (calls > burst) return Result.fail(Infinity)
      const waitMillis = cell.next - (burst - calls) * interval - now
      if (waitMillis > 0) return Result.fail(waitMillis)
      cell.next = Math.max(cell.next, now) + calls * interval
      return Result.succeed({
        settle: () => {},
        release: () => {
          cell.next -= calls * interval
        },
      })
    },
  }
}

const unlimited: Taken = { settle: () => {}, release: () => {} }

/** Beyond so many limits those that are not used any more are forgotten. */
const minCells = 10_000
/** Beyond this the oldest are forgotten, in use or not. */
const maxKept = { entries: 100_000, bytes: 50_000_000 }
const cellBytes = 100

/** Both fields are needed to take effect. */
export const rateOf = ({ limit, unit }: RateLimit): Pick<Cell, "interval" | "burst"> | undefined => {
  if (limit === undefined || unit === undefined) return undefined
  const count = Number(limit)
  return count === 0 ? { interval: Infinity, burst: 0 } : { interval: millis[unit] / count, burst: Math.max(count, 1) }
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
