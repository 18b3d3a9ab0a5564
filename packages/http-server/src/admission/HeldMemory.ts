/** What one request holds in memory, as part of what all of them hold. */

/** The bytes of bodies that the whole process holds. */
export interface Load {
  bytes: number
}

export class HeldMemory {
  #bytes = 0
  #load: Load

  constructor(load: Load) {
    this.#load = load
  }

  get bytes(): number {
    return this.#bytes
  }

  readonly hold = (bytes: number): void => {
    this.#bytes += bytes
    this.#load.bytes += bytes
  }

  /** The request is over: what comes late is not counted any more. */
  release(): void {
    this.#load.bytes -= this.#bytes
    this.#load = { bytes: 0 }
  }
}
