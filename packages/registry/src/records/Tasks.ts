/** Remembers tasks. A task that reports a change is written in the transaction of that change; see `created`. */
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import { decode } from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, type Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Document, Write } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as ModelAccess from "../internal/ModelAccess.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import { inOrder } from "../internal/FieldOrder.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { Busy, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "./ResourceId.ts"
import type { SearchRequest, SearchResult } from "@drawbar/document-store/search/Search"
import { type Draft, Task } from "./Task.ts"

export interface Found {
  readonly document: Document
  readonly task: Task
}

export class Tasks extends Context.Service<
  Tasks,
  {
    /** Returns the id. */
    readonly create: (draft: Draft) => Effect.Effect<string, RegistryFailure>
    /** A task is read, found and deleted where its model is open; the server itself changes it. */
    readonly get: (id: string) => Effect.Effect<Found, RegistryFailure>
    /** Changes the fields given; the others stay. */
    readonly update: (id: string, change: Partial<Draft>) => Effect.Effect<Found, RegistryFailure>
    /** Fails with `Busy` while the task runs, and with `NotFound`. */
    readonly delete: (id: string) => Effect.Effect<Document, RegistryFailure>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryFailure>
  }
>()("@drawbar/registry/Tasks") {
  static readonly layer = Layer.effect(
    Tasks,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const asking = yield* AccessControl.enforcedPrincipal("model")

      const find = Effect.fnUntraced(function* (id: string) {
        const document = yield* StoredRecord.find(store, collection, id, "Failed to find task")
        return { document, task: yield* Effect.fromResult(StoredRecord.read(collection, document, decodeTask)) }
      })

      /** The task, where its model is open. */
      const get = Effect.fnUntraced(function* (id: string) {
        const found = yield* find(id)
        const { model_id } = found.task
        if (model_id !== undefined)
          yield* ModelAccess.check(store, yield* asking, model_id, "You don't have permission to access this task")
        return found
      })

      return {
        create: Effect.fnUntraced(function* (draft) {
          const id = yield* ResourceId.make
          yield* changes.commit([created(id, draft, yield* Clock.currentTimeMillis)])
          return id
        }),

        get,

        update: (id, change) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const before = yield* find(id)
              const task: Task = { ...before.task, ...change, last_update_time: yield* Clock.currentTimeMillis }
              const [document = before.document] = yield* commit([
                { _tag: "Replace", collection, id, source: sourceOf(task), ifVersion: before.document.version },
              ])
              return { document, task }
            }),
          ),

        delete: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, task } = yield* get(id)
              if (task.state === "RUNNING") return yield* running(id)
              yield* commit([{ _tag: "Delete", collection, id, ifVersion: document.version }])
              return document
            }),
          ),

        search: Effect.fnUntraced(function* (request) {
          const hidden = yield* ModelAccess.hidden(store, yield* asking)
          return yield* store.search(collection, ModelAccess.withoutModels(request, hidden))
        }),
      }
    }),
  )
}

const collection = "task"

const decodeTask: (source: unknown) => Result.Result<Task, DecodeError> = decode(Task)

const sourceOf = (task: Task): JsonObject => inOrder(Task.fields, task)

/** The write that makes a task, to stand in the transaction of what it reports. `now` is in milliseconds. */
export const created = (id: string, draft: Draft, now: number): Write => ({
  _tag: "Create",
  collection,
  id,
  source: sourceOf({ ...draft, create_time: now, last_update_time: now }),
})

const running = (id: string) =>
  RegistryError.from(
    new Busy({ collection, id, message: "Task cannot be deleted in running state. Try after some time." }),
  )
