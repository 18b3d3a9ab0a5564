/** A map whose keys are texts of callers or upstreams: bounded in entries and in bytes. The entry written longest ago leaves first. */

export interface Bounds {
  readonly entries: number
  /** Of all keys, at two bytes a character, and of what `bytesOf` says of the values. */
  readonly bytes: number
}

/** `bytesOf` estimates what a value holds; without it a value is taken to hold about what its key does. */
export class BoundedMap<A> {
  readonly #bounds: Bounds
  readonly #bytesOf: ((value: A) => number) | undefined
  readonly #entries = new Map<string, { readonly value: A; readonly bytes: number }>()
  #bytes = 0

  constructor(bounds: Bounds, bytesOf?: (value: A) => number) {
    this.#bounds = bounds
    this.#bytesOf = bytesOf
  }

  get size(): number {
    return this.#entries.size
  }

  /** What the entries hold, as it is estimated. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): A | undefined {
    return this.#entries.get(key)?.value
  }

  /** Written last, it leaves last. A value that is larger than all of the bound is not kept. */
  set(key: string, value: A): this {
    this.delete(key)
    const bytes = overhead + 2 * key.length + (this.#bytesOf?.(value) ?? 2 * key.length)
    if (bytes > this.#bounds.bytes) return this
    // A text that was cut from a longer one keeps all of that alive: what stays has a copy of its own.
    this.#entries.set(ownCopy(key), { value, bytes })
    this.#bytes += bytes
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= this.#bounds.entries && this.#bytes <= this.#bounds.bytes) break
      this.delete(oldest)
    }
    return this
  }

  /** Makes an entry the last to leave, or writes it. */
  touch(key: string, value: A): void {
    const found = this.#entries.get(key)
    if (found === undefined) return void this.set(key, value)
    this.#entries.delete(key)
    this.#entries.set(key, found)
  }

  delete(key: string): boolean {
    const found = this.#entries.get(key)
    if (found === undefined) return false
    this.#bytes -= found.bytes
    return this.#entries.delete(key)
  }

  /** In the order in which they were written. */
  *[Symbol.iterator](): IterableIterator<[string, A]> {
    for (const [key, { value }] of this.#entries) yield [key, value]
  }
}

/** In bytes: an entry's own, whatever it holds. */
const overhead = 200

/** The same text, with nothing behind it. V8 cuts texts of 13 characters and more as views of what they were cut from. */
export const ownCopy = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le")
