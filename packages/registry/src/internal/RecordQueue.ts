/**
 * Writers of the same record, one after the other. Side by side, of many that read a version one writes and the others begin again:
 * their number squared in all.
 */
import { Effect, Semaphore } from "effect"

interface Line {
  readonly turn: Semaphore.Semaphore
  waiting: number
}

export class RecordQueue {
  readonly #lines = new Map<string, Line>()

  /** Runs a writer when those that came before it at any of its records have written. */
  readonly inTurn = <A, E, R>(records: ReadonlyArray<string>, writer: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    // In one order for all, so that no two wait for each other.
    [...new Set(records)]
      .toSorted()
      .reduceRight<Effect.Effect<A, E, R>>((inner, record) => this.#inLine(record, inner), writer)

  readonly #inLine = <A, E, R>(record: string, writer: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const line = this.#lines.get(record) ?? { turn: Semaphore.makeUnsafe(1), waiting: 0 }
        line.waiting += 1
        this.#lines.set(record, line)
        return line
      }),
      ({ turn }) => turn.withPermit(writer),
      (line) =>
        Effect.sync(() => {
          line.waiting -= 1
          if (line.waiting === 0) this.#lines.delete(record)
        }),
    )

  /** How many records are waited for. */
  get size(): number {
    return this.#lines.size
  }
}
