/**
 * Writes records and notifies listeners of the changes.
 *
 * Listeners run after the commit and before the writer receives a response. State compiled from a record is therefore
 * discarded by the time a client reads that its change was made.
 */
import { Context, Effect, Exit, Layer, type Scope } from "effect"
import type { Collection, Document, Write } from "./Document.ts"
import { DocumentStore } from "./DocumentStore.ts"
import * as RecordCheck from "./RecordCheck.ts"
import type { StoreError } from "./StoreError.ts"

export interface RecordChange {
  readonly collection: Collection
  readonly id: string
}

/**
 * Called synchronously; it must not throw. It receives what may have changed, but not the new content: read the record
 * again.
 */
export type Listener = (changes: ReadonlyArray<RecordChange>) => void

export class ChangeFeed extends Context.Service<
  ChangeFeed,
  {
    /**
     * Commits all of the writes or none, after checking that each record can be read again; see
     * `DocumentStore.transact`.
     */
    readonly commit: (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, StoreError>
    /** Listens until the scope closes. */
    readonly subscribe: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@drawbar/document-store/ChangeFeed") {
  /**
   * `readers` decode the records to be written the way they will be read. A record that they reject fails before the
   * commit.
   */
  static readonly layer = (readers: RecordCheck.RecordReaders): Layer.Layer<ChangeFeed, never, DocumentStore> =>
    Layer.effect(
      ChangeFeed,
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const listeners = new Set<Listener>()
        return {
          commit: (writes) =>
            Effect.andThen(
              Effect.suspend(() => Effect.fromResult(RecordCheck.check(readers, writes))),
              store.transact(writes),
            ).pipe(
              Effect.onExit((exit) =>
                Effect.sync(() => {
                  if (!mayHaveCommitted(exit)) return
                  const changes = writes.map(({ collection, id }) => ({ collection, id }))
                  for (const listener of listeners) listener(changes)
                }),
              ),
              // An interrupted writer must not suppress the notification of a committed change.
              Effect.uninterruptible,
            ),
          subscribe: (listener) =>
            Effect.acquireRelease(
              Effect.sync(() => void listeners.add(listener)),
              () => Effect.sync(() => void listeners.delete(listener)),
            ),
        }
      }),
    )
}

// A database may fail after its commit.
const mayHaveCommitted = (exit: Exit.Exit<unknown, StoreError>) =>
  Exit.match(exit, {
    onSuccess: () => true,
    onFailure: (cause) =>
      !cause.reasons.some((reason) => reason._tag === "Fail" && reason.error.reason._tag !== "StorageFailed"),
  })
