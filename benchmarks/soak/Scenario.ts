/** One soak test: its file has the load, its figures have the goals. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The goal, if any: the maximum or minimum value. */
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Options {
  /** The duration of the long scenarios. */
  readonly minutes: number
}

export interface Scenario {
  readonly description: string
  readonly run: (options: Options) => Promise<ReadonlyArray<Figure>>
}

export const meetsGoal = ({ value, atMost, atLeast }: Figure): boolean =>
  !(value > (atMost ?? Infinity)) && !(value < (atLeast ?? -Infinity)) && !Number.isNaN(value)
