/** Writers that meet: each reads, decides and commits, and begins again where another was faster. */
import { Effect } from "effect"
import type { Document, Write } from "../Document.ts"
import type { RecordChanges } from "../RecordChanges.ts"
import { fail, type RegistryError, VersionConflict } from "../RegistryError.ts"

export type Commit = (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, RegistryError>

// Whoever loses a round lost it to one who won: many rounds mean many writers, not a standstill.
const rounds = 1_000

/** Runs `attempt` until its commit meets no other. `attempt` must read what it decides on each time. */
export const optimistically = <A, E, R>(
  changes: RecordChanges["Service"],
  attempt: (commit: Commit) => Effect.Effect<A, E | RegistryError, R>,
): Effect.Effect<A, E | RegistryError, R> =>
  Effect.retry(
    Effect.suspend(() => attempt((writes) => Effect.mapError(changes.commit(writes), asConflict))),
    { while: isConflict, times: rounds },
  )

// A record that was read and is gone, or a claim that was free and is taken, was written in between too.
const asConflict = (error: RegistryError): RegistryError => {
  const { reason } = error
  const metAnother = reason._tag === "NotFound" || (reason._tag === "AlreadyExists" && reason.collection === "config")
  return metAnother
    ? fail(new VersionConflict({ collection: reason.collection, id: reason.id, message: reason.message }))
    : error
}

const isConflict = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "reason" in error && error.reason instanceof VersionConflict
