/** The lanes of a pool, as many as it may have, and those who wait for one in the order in which they came. */
import type { PendingRequest } from "./PendingRequest.ts"
import { type Connect, ConnectionSlot } from "./ConnectionSlot.ts"

export class SlotQueue {
  readonly #origin: string
  readonly #most: number
  readonly #connect: Connect
  readonly #all: Array<ConnectionSlot> = []
  /** The one used last is used first, so that those that are not needed fall silent and close. */
  readonly #free: Array<ConnectionSlot> = []
  readonly #waiting = new Set<PendingRequest>()
  readonly #emptied = Promise.withResolvers<void>()
  #closing = false

  constructor(origin: string, most: number, connect: Connect) {
    this.#origin = origin
    this.#most = most
    this.#connect = connect
  }

  get waiting(): number {
    return this.#waiting.size
  }

  get busy(): number {
    return this.#all.length - this.#free.length
  }

  get open(): number {
    return this.#all.filter(({ isOpen }) => isOpen).length
  }

  get closing(): boolean {
    return this.#closing
  }

  /** Gives the exchange a lane, at once or later; false where it has to wait. */
  enter(exchange: PendingRequest): boolean {
    const lane = this.#free.pop() ?? this.#another()
    if (lane === undefined) this.#waiting.add(exchange)
    else lane.dispatch(exchange)
    return lane !== undefined
  }

  /** Waits no longer. */
  leave(exchange: PendingRequest): void {
    this.#waiting.delete(exchange)
  }

  /** Takes nothing new, by its owner's word, and ends when everything that entered has left. */
  async close(): Promise<void> {
    this.#closing = true
    this.#settle()
    await this.#emptied.promise
    await Promise.all(this.#all.map((lane) => lane.close()))
  }

  readonly #release = (lane: ConnectionSlot): void => {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free.push(lane)
      if (this.#closing) this.#settle()
    } else {
      this.#waiting.delete(next)
      lane.dispatch(next)
    }
  }

  #settle(): void {
    if (this.#free.length === this.#all.length) this.#emptied.resolve()
  }

  #another(): ConnectionSlot | undefined {
    if (this.#all.length >= this.#most) return undefined
    const lane = new ConnectionSlot(this.#origin, this.#connect, this.#release)
    this.#all.push(lane)
    return lane
  }
}
