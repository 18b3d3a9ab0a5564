/**
 * Writes records and notifies listeners of the changes.
 *
 * Listeners run after the commit and before the writer receives a response. State compiled from a record is therefore
 * discarded by the time a client reads that its change was made.
 */
import { Context, Effect, Exit, Layer, type Scope } from "effect"
import type { Document, RecordChange, Write } from "./Document.ts"
import { DocumentStore, type FollowedChanges } from "./DocumentStore.ts"
import * as RecordCheck from "./RecordCheck.ts"
import type { StoreError } from "./StoreError.ts"

export type { RecordChange }

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
  static readonly layer = (readers: RecordCheck.RecordReaders): Layer.Layer<ChangeFeed, StoreError, DocumentStore> =>
    Layer.effect(
      ChangeFeed,
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const listeners = new Set<Listener>()
        const inform: Listener = (changes) => {
          if (changes.length > 0) for (const listener of listeners) listener(changes)
        }
        if (store.followed !== undefined) yield* follow(store.followed, inform)
        return {
          commit: (writes) =>
            Effect.andThen(
              Effect.suspend(() => Effect.fromResult(RecordCheck.check(readers, writes))),
              store.transact(writes),
            ).pipe(
              Effect.onExit((exit) =>
                Effect.sync(() => {
                  if (!mayHaveCommitted(exit)) return
                  inform(writes.map(({ collection, id }) => ({ collection, id })))
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

/** How long after a failure the changes of other processes are read again. */
const retryAfter = "250 millis"

/** Informs of what other processes write from now on, until the scope closes. */
const follow = Effect.fnUntraced(function* ({ position, since, next }: FollowedChanges, inform: Listener) {
  let at = yield* position
  const read = Effect.suspend(() => since(at)).pipe(
    Effect.map((found) => {
      at = found.position
      inform(found.changes)
    }),
    Effect.catch(() => Effect.sleep(retryAfter)),
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(next, read)))
})

// A database may fail after its commit.
const mayHaveCommitted = (exit: Exit.Exit<unknown, StoreError>) =>
  Exit.match(exit, {
    onSuccess: () => true,
    onFailure: (cause) =>
      !cause.reasons.some((reason) => reason._tag === "Fail" && reason.error.reason._tag !== "StorageFailed"),
  })
