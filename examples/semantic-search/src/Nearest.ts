/** The texts that are nearest in meaning: the angle between their vectors is smallest. */
export type Vector = ReadonlyArray<number>

export interface Match {
  readonly text: string
  /** The cosine of the angle to the query: 1 is the same direction. */
  readonly score: number
}

/** The `count` best of `texts`, best first; `vectors[i]` belongs to `texts[i]`. */
export const nearest = (
  query: Vector,
  texts: ReadonlyArray<string>,
  vectors: ReadonlyArray<Vector>,
  count: number,
): ReadonlyArray<Match> =>
  texts
    .map((text, i) => ({ text, score: cosine(query, vectors[i] ?? []) }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, count)

const cosine = (a: Vector, b: Vector): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))

const dot = (a: Vector, b: Vector): number => a.reduce((sum, number, i) => sum + number * (b[i] ?? 0), 0)
