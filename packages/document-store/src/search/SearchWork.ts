/** What one search costs: its steps are counted, others have a turn in between, and past a bound it is refused. */
import { Effect } from "effect"
import * as StoreBounds from "../StoreBounds.ts"
import { StoreError, InvalidSearchQuery } from "../StoreError.ts"

export class SearchWork {
  #steps = 0
  #sinceTurn = 0
  #bytes = 0
  #turns = 0
  readonly #limits: Limits

  constructor(limits: Limits = StoreBounds) {
    this.#limits = limits
  }

  /** So many steps more, of 1 ns to 10 ns each. */
  readonly spend = (steps: number): void => {
    this.#steps += steps
    this.#sinceTurn += steps
  }

  /** So many bytes more of records that are shown. */
  readonly show = (bytes: number): void => {
    this.#bytes += bytes
    this.spend(bytes)
  }

  get steps(): number {
    return this.#steps
  }

  /** How often others had a turn. */
  get turns(): number {
    return this.#turns
  }

  /** Fails with `InvalidSearchQuery` where the search has cost too much; lets others run where they have waited long enough. */
  readonly check: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    if (this.#steps > this.#limits.searchSteps) return tooMuch
    if (this.#bytes > this.#limits.searchBytes) return tooLarge(this.#limits.searchBytes)
    if (this.#sinceTurn < this.#limits.stepsBetweenTurns) return Effect.void
    this.#sinceTurn = 0
    this.#turns += 1
    return Effect.yieldNow
  })
}

type Limits = Readonly<Record<"searchSteps" | "searchBytes" | "stepsBetweenTurns", number>>

const refused = (message: string) =>
  Effect.fail(StoreError.from(new InvalidSearchQuery({ message, type: "illegal_argument_exception" })))

const tooMuch = refused(
  "The search asks for too much work. Use fewer or simpler patterns, in [query] and in [_source], or ask for fewer hits with [size].",
)

const tooLarge = (most: number) =>
  refused(
    `The hits of the search hold more than [${most}] bytes. Ask for fewer hits with [size], or for fewer fields with [_source].`,
  )
