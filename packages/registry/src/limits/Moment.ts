/** One instant by both clocks: limits of a process run by the monotonic one, which no correction of the time moves. */
import type { Clock } from "effect"

export interface Moment {
  /** In ms, from a start of the clock's own. */
  readonly monotonicMs: number
  /** In ms since 1970. */
  readonly epochMs: number
}

export const now = (clock: Clock.Clock): Moment => ({
  monotonicMs: Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
  epochMs: clock.currentTimeMillisUnsafe(),
})
