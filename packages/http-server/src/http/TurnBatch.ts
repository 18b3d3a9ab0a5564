/**
 * Does together what falls due in one turn of the event loop: code that runs several times in a row stays in the processor's caches,
 * and a peer on the same machine is woken once for several answers. docs/decisions/0040-hot-path.md has the measurement.
 */
export interface TurnBatch<A> {
  /** Handles it, in order, when its time has come. */
  readonly add: (item: A) => void
  /** Handles at once what waits. */
  readonly flush: () => void
}

/**
 * `handle` does not throw: what comes behind it would be lost. `schedule` is `setImmediate`, for once the turn has read what has arrived, or
 * `process.nextTick`, for once what is due now is done.
 */
export const make = <A>(handle: (item: A) => void, schedule: (flush: () => void) => void): TurnBatch<A> => {
  let waiting: Array<A> = []
  const flush = () => {
    const items = waiting
    waiting = []
    for (const item of items) handle(item)
  }
  return {
    add: (item) => {
      if (waiting.push(item) === 1) schedule(flush)
    },
    flush,
  }
}
