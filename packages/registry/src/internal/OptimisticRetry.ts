/** Writers that meet: each reads, decides and commits, and begins again where another was faster. */
import { Effect } from "effect"
import type { Document, Write } from "@drawbar/document-store/Document"
import type { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { StoreError, VersionConflict } from "@drawbar/document-store/StoreError"
import { type RegistryFailure } from "../RegistryError.ts"
import { RecordQueue } from "./RecordQueue.ts"

export type Commit = (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, RegistryFailure>

// In every round one writer wins, so many rounds mean many writers, not a livelock.
const rounds = 1_000

/**
 * Runs `attempt` until its commit meets no other. `attempt` must read what it decides on each time. `records` are those that it
 * writes and that others are known to write at the same time: these writers go one after the other.
 */
export const optimistically = <A, E, R>(
  changes: ChangeFeed["Service"],
  attempt: (commit: Commit) => Effect.Effect<A, E | RegistryFailure, R>,
  records: ReadonlyArray<string> = [],
): Effect.Effect<A, E | RegistryFailure, R> =>
  queueOf(changes).inTurn(
    records,
    Effect.retry(
      Effect.suspend(() => attempt((writes) => Effect.mapError(changes.commit(writes), asConflict))),
      { while: isConflict, times: rounds },
    ),
  )

const queues = new WeakMap<ChangeFeed["Service"], RecordQueue>()

const queueOf = (changes: ChangeFeed["Service"]): RecordQueue => {
  const queue = queues.get(changes) ?? new RecordQueue()
  queues.set(changes, queue)
  return queue
}

// A record that was read and is gone, or a claim that was free and is taken, was written in between too.
const asConflict = (error: RegistryFailure): RegistryFailure => {
  const { reason } = error
  const metAnother = reason._tag === "NotFound" || (reason._tag === "AlreadyExists" && reason.collection === "config")
  return metAnother
    ? StoreError.from(new VersionConflict({ collection: reason.collection, id: reason.id, message: reason.message }))
    : error
}

const isConflict = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "reason" in error && error.reason instanceof VersionConflict
