/** What a run can observe from outside: time and randomness. A script has no other access. */
export interface World {
  /** Milliseconds since 1970, for `System.currentTimeMillis()`. */
  readonly now: () => number
  /** At least 0 and less than 1, for `Math.random()` and `UUID.randomUUID()`. */
  readonly random: () => number
  /** Processor time in milliseconds, from any origin; the limit `time` is measured with it. */
  readonly spent: () => number
}

/** A clock fixed at 1970 and the same random numbers in each run, so that a script always has the same result. */
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
