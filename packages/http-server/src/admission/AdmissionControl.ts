/**
 * Whether so much work is under way that the event loop is late, and who comes now would be answered too late. Work is what a
 * predict takes of the processor: one that waits for its platform costs nothing.
 * Source: https://queue.acm.org/detail.cfm?id=2209336
 */
import { Effect, type Scope } from "effect"

export interface AdmissionControl {
  /** `hasLess`: whether the principal has less than its part of all that is under way; a few such are let in all the same. */
  readonly isTooMuch: (hasLess?: (underWay: number) => boolean) => boolean
  /** Counts a predict that begins. Returns the function to call when its work is done; further calls have no effect. */
  readonly enter: () => () => void
}

/** In ms. */
export interface Measures {
  /** What time it is, on a clock that only goes forward. */
  readonly now: () => number
  /** What this process has used of its processors. */
  readonly used: () => number
  /** How long what could be gone on with has waited. */
  readonly behind: () => number
}

/** In ms: how often the loop is looked at, and how late is late. */
export const sampleIntervalMs = 100
const lateMs = 50

/** In ms of a processor: what may be under way while the loop is late. */
const maxWorkMs = 500

/** So many are let in at any time: a loop that is late for a few is late because the machine is another's. */
const minConcurrent = 32

/** The part of it that is left where the loop stays late, and how it goes down and up again, look by look. */
const minShare = 0.05
const down = 0.7
const up = 1.05

/** How much the newest predicts count in what one costs. */
const newestWeight = 0.3

/** Watches until the scope closes. */
export const make = ({ now, used, behind }: Measures): Effect.Effect<AdmissionControl, never, Scope.Scope> =>
  Effect.gen(function* () {
    let underWay = 0
    /** Those that were let in although there was too much: what one principal has brought must not turn others away. */
    let beyond = 0
    let ended = 0
    let cost = 0
    let part = 1
    let lateInARow = 0
    let lastLook = now()
    let lastUsed = used()
    const look = () => {
      const lag = Math.max(now() - lastLook - sampleIntervalMs, behind())
      lastLook = now()
      lateInARow = lag > lateMs ? lateInARow + 1 : 0
      // One late sample may be a single long task, not an overload.
      if (lateInARow > 1) part = Math.max(minShare, part * down)
      else if (lateInARow === 0) part = Math.min(1, part * up)
      if (ended > 0) cost += newestWeight * ((used() - lastUsed) / ended - cost)
      if (ended > 0 || underWay === 0) lastUsed = used()
      ended = 0
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(look, sampleIntervalMs).unref()),
      (timer) => Effect.sync(() => clearInterval(timer)),
    )
    const isBeyond = () => underWay >= minConcurrent && underWay * cost > part * maxWorkMs && (part < 1 || isLate())
    const isLate = () => lateInARow > 0 || now() - lastLook > sampleIntervalMs + lateMs || behind() > lateMs
    return {
      isTooMuch: (hasLess) => {
        if (!isBeyond()) return false
        return beyond >= minConcurrent || hasLess?.(underWay) !== true
      },
      enter: () => {
        const isOneBeyond = isBeyond()
        if (isOneBeyond) beyond += 1
        underWay += 1
        let isOver = false
        return () => {
          if (isOver) return
          isOver = true
          underWay -= 1
          if (isOneBeyond) beyond -= 1
          ended += 1
        }
      },
    }
  })
