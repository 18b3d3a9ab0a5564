/** What was asked of each model since the start: how often, how often in vain, and how long the last ones took. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"

/** `latencies` are those of the last requests, in ms and in no order, `upstream` the part spent at the upstream. */
export interface PredictStats {
  readonly requests: number
  readonly failures: number
  readonly latencies: ReadonlyArray<number>
  readonly upstream: ReadonlyArray<number>
}

export interface Outcome {
  readonly isFailure: boolean
  /** In ms. */
  readonly millis: number
  /** In ms; absent where it was not measured. */
  readonly upstreamMillis: number | undefined
}

export interface PredictCounter {
  readonly count: (modelId: string, outcome: Outcome) => void
  readonly all: () => ReadonlyMap<string, PredictStats>
}

/** The models that were counted first leave first. The bytes are those of 10,000 models without their latencies. */
const maxModels = { entries: 10_000, bytes: 10_000_000 }
const modelBytes = 400

/** How many latencies of one model are kept at most, whatever is asked for. */
const maxKept = 10_000

/** `maxLatencies`: how many of the last requests of a model are remembered, now. */
export const make = (maxLatencies: () => number): PredictCounter => {
  const stats = new BoundedMap<ModelStats>(maxModels, () => modelBytes)
  return {
    count: (id, { isFailure, millis, upstreamMillis }) => {
      const known = stats.get(id)
      const counted = known ?? new ModelStats()
      if (known === undefined) stats.set(id, counted)
      const most = Math.min(maxLatencies(), maxKept)
      counted.requests++
      if (isFailure) counted.failures++
      counted.ofRequests.add(millis, most)
      if (upstreamMillis !== undefined) counted.ofUpstream.add(upstreamMillis, most)
    },
    all: () => new Map(stats),
  }
}

class ModelStats implements PredictStats {
  requests = 0
  failures = 0
  readonly ofRequests = new Recent()
  readonly ofUpstream = new Recent()

  get latencies() {
    return this.ofRequests.values
  }

  get upstream() {
    return this.ofUpstream.values
  }
}

/** The last numbers, in a ring: to add one costs the same however many are kept. */
class Recent {
  values: Array<number> = []
  #next = 0
  #most = 0

  add(value: number, most: number): void {
    if (most !== this.#most) {
      const { values } = this
      const inOrder = [...values.slice(this.#next), ...values.slice(0, this.#next)]
      this.values = inOrder.slice(Math.max(0, inOrder.length - most))
      this.#next = 0
      this.#most = most
    }
    if (this.values.length < most) this.values.push(value)
    else if (most > 0) {
      this.values[this.#next] = value
      this.#next = (this.#next + 1) % most
    }
  }
}
