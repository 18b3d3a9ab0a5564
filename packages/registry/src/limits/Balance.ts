/** What calls have spent and reserved of one quota or budget. */
import { Result } from "effect"

export interface Balance {
  /** By calls that have ended. */
  spent: number
  /** By calls under way. */
  reserved: number
  /** Whether one of them has reserved less than it may use. */
  isShort: boolean
}

export const beginWith = (spent: number): Balance => ({ spent, reserved: 0, isShort: false })

/** In ms: what is reserved may come back as soon as one of the calls under way has ended. */
const reservedWaitMs = 1_000

interface Reserved {
  /** The call has ended, and has used so much. */
  readonly settle: (used: number) => void
  /** The call was not made. */
  readonly release: () => void
}

/** Reserves the estimate, or what is left; else fails with the wait in ms, which is `untilNext` where all is spent. */
export const reserve = (
  of: Balance,
  limit: number,
  estimate: number,
  untilNext: () => number,
): Result.Result<Reserved, number> => {
  const left = limit - of.spent - of.reserved
  if (left <= 0) return Result.fail(of.spent >= limit ? untilNext() : reservedWaitMs)
  const wanted = Math.max(1, estimate)
  const isShort = wanted > left
  // Two at once could both use more than they have reserved.
  if (isShort && of.isShort) return Result.fail(reservedWaitMs)
  const taken = Math.min(left, wanted)
  of.reserved += taken
  of.isShort ||= isShort
  const release = () => {
    of.reserved -= taken
    if (isShort) of.isShort = false
  }
  return Result.succeed({
    settle: (used) => {
      release()
      of.spent += used
    },
    release,
  })
}
