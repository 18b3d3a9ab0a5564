/** What one principal has of the processor while others want it too: the steps that wait for their turn, and what it may still use. */

export interface Step {
  readonly run: () => void
  /** When it began to wait, by `performance.now()`. */
  readonly since: number
}

export interface Share {
  readonly waiting: Queue
  /** In ms of a processor: what it may use until the next one's turn; below zero once a step took longer. */
  credit: number
  /** How many of its requests are under way. */
  underWay: number
}

export const make = (): Share => ({ waiting: new Queue(), credit: 0, underWay: 0 })

/** First in, first out, each in constant time. */
class Queue {
  #steps: Array<Step | undefined> = []
  #from = 0

  get first(): Step | undefined {
    return this.#steps[this.#from]
  }

  add(step: Step): void {
    this.#steps.push(step)
  }

  take(): Step | undefined {
    const step = this.#steps[this.#from]
    // What has been taken keeps nothing alive.
    this.#steps[this.#from++] = undefined
    if (this.#from > 64 && this.#from * 2 > this.#steps.length) {
      this.#steps = this.#steps.slice(this.#from)
      this.#from = 0
    }
    if (this.first === undefined) {
      this.#steps = []
      this.#from = 0
    }
    return step
  }
}
