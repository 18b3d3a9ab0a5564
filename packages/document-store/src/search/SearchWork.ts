/** Measures and limits the cost of one search: it counts steps, yields to other requests, and fails past a limit. */
import { Effect } from "effect"
import { searchBytes, searchSteps, stepsBetweenTurns } from "../StoreBounds.ts"
import { StoreError, InvalidSearchQuery } from "../StoreError.ts"

export class SearchWork {
  #steps = 0
  #sinceTurn = 0
  #bytes = 0
  #turns = 0
  readonly #limits: Limits

  constructor(limits: Limits = { searchBytes, searchSteps, stepsBetweenTurns }) {
    this.#limits = limits
  }

  /** Adds steps of 1 ns to 10 ns each. */
  readonly spend = (steps: number): void => {
    this.#steps += steps
    this.#sinceTurn += steps
  }

  /** Adds bytes of returned records. */
  readonly show = (bytes: number): void => {
    this.#bytes += bytes
    this.spend(bytes)
  }

  get steps(): number {
    return this.#steps
  }

  /** How often the search has yielded. */
  get turns(): number {
    return this.#turns
  }

  /**
   * Fails with `InvalidSearchQuery` if the search has exceeded its limits; yields to other requests from time to time.
   */
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
  "The search requires too much work. Use fewer or simpler patterns in [query] and [_source], or request fewer hits with [size].",
)

const tooLarge = (maxBytes: number) =>
  refused(
    `The hits of the search are larger than [${maxBytes}] bytes in total. Request fewer hits with [size], or fewer fields with [_source].`,
  )
