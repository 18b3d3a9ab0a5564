/** How much a script may use up before it is stopped; every bound holds for one `compile` or one `run`. */
export interface Limits {
  /** Characters of source. */
  readonly source: number
  /** How deep statements, expressions and data may stand inside each other; a chain of operators may always be 1,000 long. */
  readonly nesting: number
  /**
   * Loop turns, calls and comparisons; searches, hashes, joins, copies and patterns cost by the size of what they go over, and
   * long texts by the memory that they may keep: 16 characters a step where one is made or put into a collection.
   */
  readonly steps: number
  /** Calls of functions inside each other. */
  readonly calls: number
  /** Characters of one string, and of all strings of the answer together. */
  readonly text: number
  /** Elements that all collections together may take in, the result included. */
  readonly elements: number
  /** Milliseconds of the processor for one run, by the clock of its `World`; steps alone are not a bound of time. */
  readonly time: number
}

export const defaults: Limits = {
  source: 65_536,
  nesting: 400,
  steps: 10_000_000,
  calls: 200,
  text: 16_777_216,
  elements: 4_000_000,
  time: 2_000,
}
