/**
 * First in, first out, and out of the middle for those that give up, each in constant time. It links its items itself: V8 keeps the
 * tables that a `Set` has outgrown, and what stood in them, until its next major collection.
 */
export class WaitingList<A> {
  #first: Place<A> | undefined
  #last: Place<A> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Returns the function that takes the item out; it has no effect once the item has left. */
  add(item: A): () => void {
    const place: Place<A> = { item, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#size += 1
    return () => this.#remove(place)
  }

  /** The item that has waited longest, which leaves. */
  take(): A | undefined {
    const item = this.#first?.item
    if (this.#first !== undefined) this.#remove(this.#first)
    return item
  }

  #remove(place: Place<A>): void {
    if (place.item === undefined) return
    const { before, after } = place
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    // Nothing is reached from what has left.
    place.item = place.before = place.after = undefined
    this.#size -= 1
  }
}

interface Place<A> {
  item: A | undefined
  before: Place<A> | undefined
  after: Place<A> | undefined
}
