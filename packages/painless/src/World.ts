/** What a run may learn of the world: the time and chance. A script reaches nothing else. */
export interface World {
  /** Milliseconds since 1970, for `System.currentTimeMillis()`. */
  readonly now: () => number
  /** At least 0 and below 1, for `Math.random()` and `UUID.randomUUID()`. */
  readonly random: () => number
  /** Milliseconds that the processor has worked, from any start; the limit `time` is measured with it. */
  readonly spent: () => number
}

/** A clock that stands at 1970 and the same random numbers in each run, so that the same script always has the same result. */
export const fixed = (): World => {
  let state = 0
  return {
    now: () => 0,
    // mulberry32
    random: () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
    spent: () => 0,
  }
}
