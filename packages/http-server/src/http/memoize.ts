/** What is made once for each key, and kept. */
interface Memory<K, A> {
  readonly get: (key: K) => A | undefined
  readonly set: (key: K, value: A) => unknown
}

export const byKey =
  <K, A>(make: (key: K) => A, known: Memory<K, A> = new Map<K, A>()): ((key: K) => A) =>
  (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make(key)
    known.set(key, made)
    return made
  }
