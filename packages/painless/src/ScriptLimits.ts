/** Limits on the resources of a script; each applies to one `compile` or one `run`. */
export interface Limits {
  /** Characters of source. */
  readonly source: number
  /** Nesting depth of statements, expressions and data; a chain of operators may always have a length of 1,000. */
  readonly nesting: number
  /**
   * Loop iterations, calls and comparisons. Searches, hashes, joins, copies and patterns count by the size of their
   * operands. Long texts count by the memory that they may retain: 16 characters per step when one is created or put
   * into a collection.
   */
  readonly steps: number
  /** Nested function calls. */
  readonly calls: number
  /** Characters of one string, and of all strings of the result together. */
  readonly text: number
  /** Elements of all collections together, including the result. */
  readonly elements: number
  /** Milliseconds of processor time for one run, by the clock of its `World`, because steps alone do not limit time. */
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
