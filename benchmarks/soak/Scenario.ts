/** One soak: what it does is in its file, what it has to hold in its figures. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** Where there is a goal: the most, or the least, that holds. */
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Options {
  /** How long the long ones take. */
  readonly minutes: number
}

export interface Scenario {
  readonly says: string
  readonly run: (options: Options) => Promise<ReadonlyArray<Figure>>
}

export const holds = ({ value, atMost, atLeast }: Figure): boolean =>
  !(value > (atMost ?? Infinity)) && !(value < (atLeast ?? -Infinity)) && !Number.isNaN(value)
