/** What one request holds in memory, as part of what all of them hold. */

/** The bytes of bodies that the whole process holds. */
export interface Load {
  bytes: number
  /** How many it may hold; no bound if absent. */
  readonly maxBytes?: number
}

export class HeldMemory {
  #bytes = 0
  #load: Load
  readonly #maxBytes: number | undefined

  /** `maxBytes`: how many all requests together may hold for this one to grow. */
  constructor(load: Load, maxBytes = load.maxBytes) {
    this.#load = load
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  hold(bytes: number): void {
    this.#bytes += bytes
    this.#load.bytes += bytes
  }

  /** Holds that many bytes more, unless all requests together would hold too many. One request alone, however large, may hold them. */
  tryHold(bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false
    this.hold(bytes)
    return true
  }

  /** Whether that many bytes more are not too many beside those of other requests. */
  hasRoom(bytes: number): boolean {
    const { bytes: held } = this.#load
    return this.#maxBytes === undefined || held <= this.#bytes || held + bytes <= this.#maxBytes
  }

  /** What it holds so far is not needed any more; what comes is counted. */
  letGo(): void {
    this.#load.bytes -= this.#bytes
    this.#bytes = 0
  }

  /** The request is over: what comes late is not counted any more. */
  release(): void {
    this.letGo()
    this.#load = { bytes: 0 }
  }
}
