/** Which targets of a model's routing one request was given to, and how each of them went. */
import { performance } from "node:perf_hooks"

export interface AskedTarget {
  readonly target: string
  /** The policy that chose it, or the class of the failure before. */
  readonly why: string
  /** By `performance.now()`. */
  readonly began: number
  ended: number | undefined
  /** `answered`, or the class of its failure; `cancelled` until it is known. */
  outcome: string
}

/** Of a model without a routing there are none. */
export class RouteMeasurements {
  readonly asked: Array<AskedTarget> = []

  began(target: string, why: string): void {
    this.asked.push({ target, why, began: performance.now(), ended: undefined, outcome: "cancelled" })
  }

  ended(outcome: string): void {
    // A target that is a model may have a routing of its own: its targets end before it.
    const last = this.asked.findLast((one) => one.ended === undefined)
    if (last === undefined) return
    last.ended = performance.now()
    last.outcome = outcome
  }

  /** Each target with its outcome, where another one than the first was asked. */
  get steps(): ReadonlyArray<string> {
    return this.asked.length < 2 ? [] : this.asked.map(({ target, outcome }) => `${target} ${outcome}`)
  }

  /** For `Server-Timing`: each target that was asked, with its outcome and its time in ms. */
  get timing(): string {
    return this.asked
      .map(({ target, why, outcome, began, ended = performance.now() }, at) => {
        const said = outcome === "cancelled" ? why : outcome
        return `, target${at + 1};desc="${target} ${said}";dur=${(ended - began).toFixed(1)}`
      })
      .join("")
  }
}
