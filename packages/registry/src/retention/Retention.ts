/**
 * Deletes what is older, or more, than the settings keep: versions of records, and tasks that have ended. One replica
 * sweeps, in the background.
 */
import type { Document, Write } from "@drawbar/document-store/Document"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as Search from "@drawbar/document-store/search/Search"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Stream } from "effect"
import * as RecordHistory from "../history/RecordHistory.ts"
import { optimistically } from "../internal/OptimisticRetry.ts"
import type { RegistryFailure } from "../RegistryError.ts"
import { Settings } from "../settings/Settings.ts"
import * as Lease from "./Lease.ts"

const interval = "10 minutes"
/** A replica that fails is followed by another one after so long, in ms. */
const leaseMillis = 15 * 60_000
/** Records deleted in one transaction. */
const batch = 100
/** Batches of tasks in one sweep; the next sweep goes on. */
const maxBatches = 1_000

export interface Swept {
  readonly versions: number
  readonly tasks: number
}

export class Retention extends Context.Service<
  Retention,
  {
    /** Deletes what is to be deleted now, whichever replica holds the lease. */
    readonly sweep: Effect.Effect<Swept, RegistryFailure>
  }
>()("@drawbar/registry/Retention") {
  static readonly layer = Layer.effect(
    Retention,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const settings = yield* Settings

      const sweepHistory = (id: string, oldest: number) =>
        optimistically(
          changes,
          Effect.fnUntraced(function* (commit) {
            const found = yield* store.get("history", id)
            const writes = found._tag === "None" ? [] : yield* prune(found.value, oldest)
            if (writes.length > 0) yield* commit(writes)
            return Math.max(0, writes.length - 1)
          }),
        )
      const prune = (document: Document, oldest: number) =>
        Effect.map(Effect.fromResult(RecordHistory.read(document)), (history) => {
          const count = settings.get("plugins.drawbar.retention.versions.max_count")
          return RecordHistory.pruned(document, history, ({ time }, newer) => newer < count && time >= oldest)
        })

      const versions = Effect.gen(function* () {
        const oldest = yield* oldestOf(settings.get("plugins.drawbar.retention.versions.max_age_days"))
        return yield* store.all("history").pipe(
          Stream.mapEffect((document) =>
            Effect.flatMap(prune(document, oldest), ({ length }) =>
              length === 0 ? Effect.succeed(0) : sweepHistory(document.id, oldest),
            ),
          ),
          Stream.runFold(
            () => 0,
            (sum, count: number) => sum + count,
          ),
        )
      })

      /** Tasks that have ended, oldest first. */
      const endedTasks = (filter: JsonObject, size: number) =>
        Effect.flatMap(
          Effect.fromResult(
            Search.parse({
              query: {
                bool: { filter: [filter], must_not: [{ terms: { state: ["CREATED", "RUNNING", "CANCELLING"] } }] },
              },
              sort: [{ create_time: "asc" }],
              size,
              _source: false,
            }),
          ),
          (request) => store.search("task", request),
        )

      /** Deletes the oldest ended tasks until as many as `excess` says are gone. */
      const deleteTasks = Effect.fnUntraced(function* (
        filter: JsonObject,
        excess: Effect.Effect<number, RegistryFailure>,
      ) {
        let deleted = 0
        for (let i = 0; i < maxBatches; i++) {
          const left = yield* excess
          const { hits } = left > 0 ? yield* endedTasks(filter, Math.min(batch, left)) : { hits: [] }
          if (hits.length === 0) return deleted
          yield* optimistically(changes, (commit) => Effect.flatMap(existing(hits.map(({ id }) => id)), commit))
          deleted += hits.length
          yield* Effect.yieldNow
        }
        return deleted
      })
      /** A task may be deleted by its caller meanwhile. */
      const existing = (ids: ReadonlyArray<string>) =>
        Effect.map(
          Effect.forEach(ids, (id) => store.get("task", id)),
          (found) =>
            found.flatMap((one): ReadonlyArray<Write> =>
              one._tag === "None" ? [] : [{ _tag: "Delete", collection: "task", id: one.value.id }],
            ),
        )

      const tasks = Effect.gen(function* () {
        const oldest = yield* oldestOf(settings.get("plugins.drawbar.retention.tasks.max_age_days"))
        const count = settings.get("plugins.drawbar.retention.tasks.max_count")
        const aged = yield* deleteTasks({ range: { create_time: { lt: oldest } } }, Effect.succeed(batch))
        const excess = Effect.map(store.count("task"), (total) => total - count)
        return aged + (yield* deleteTasks({ match_all: {} }, excess))
      })

      return {
        sweep: Effect.gen(function* () {
          return { versions: yield* versions, tasks: yield* tasks }
        }),
      }
    }),
  )

  /** Sweeps from time to time, where this replica holds the lease. */
  static readonly layerBackground = Layer.effectDiscard(
    Effect.gen(function* () {
      const { sweep } = yield* Retention
      const leased = yield* Lease.make("retention", leaseMillis)
      const once = Effect.flatMap(leased, (isHolder) => (isHolder ? Effect.asVoid(sweep) : Effect.void))
      // A store that cannot be read now is swept the next time.
      const patient = Effect.catchCause(once, (cause) => Effect.logWarning("Retention: a sweep failed", cause))
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), patient)))
    }),
  )
}

/** In ms since 1970; -1: nothing is too old. */
const oldestOf = (days: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => (days < 0 ? 0 : Math.max(0, now - days * 86_400_000)))
