/** The slots of a pool, up to its maximum, and the requests that wait for one, first in, first out. */
import type { PendingRequest } from "./PendingRequest.ts"
import { type Connect, ConnectionSlot } from "./ConnectionSlot.ts"
import { WaitingList } from "./WaitingList.ts"

export class SlotQueue {
  readonly #origin: string
  readonly #maxSlots: number
  readonly #connect: Connect
  readonly #all: Array<ConnectionSlot> = []
  /** The most recently used slot is reused first, so that unneeded connections become idle and close. */
  readonly #free: Array<ConnectionSlot> = []
  readonly #waiting = new WaitingList<PendingRequest>()
  readonly #emptied = Promise.withResolvers<void>()
  #closing = false

  constructor(origin: string, maxSlots: number, connect: Connect) {
    this.#origin = origin
    this.#maxSlots = maxSlots
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

  /** Assigns a slot to the exchange, now or later; where it has to wait, returns the function that takes it out of the queue. */
  enter(exchange: PendingRequest): (() => void) | undefined {
    const slot = this.#free.pop() ?? this.#openSlot()
    if (slot === undefined) return this.#waiting.add(exchange)
    slot.dispatch(exchange)
    return undefined
  }

  /** Stops accepting requests (the caller must not enter more) and resolves when every request has ended. */
  async close(): Promise<void> {
    this.#closing = true
    this.#settle()
    await this.#emptied.promise
    await Promise.all(this.#all.map((slot) => slot.close()))
  }

  readonly #release = (slot: ConnectionSlot): void => {
    const next = this.#waiting.take()
    if (next !== undefined) return slot.dispatch(next)
    this.#free.push(slot)
    if (this.#closing) this.#settle()
  }

  #settle(): void {
    if (this.#free.length === this.#all.length) this.#emptied.resolve()
  }

  #openSlot(): ConnectionSlot | undefined {
    if (this.#all.length >= this.#maxSlots) return undefined
    const slot = new ConnectionSlot(this.#origin, this.#connect, this.#release)
    this.#all.push(slot)
    return slot
  }
}
