/** Remembers tasks. A task that reports a change is written in the transaction of that change; see `created`. */
import { type BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/blueprint-schema/Decode"
import type { JsonObject } from "@drawbar/blueprint-schema/Json"
import { Clock, Context, Effect, Layer, type Result } from "effect"
import type { Document, Write } from "./Document.ts"
import { DocumentStore } from "./DocumentStore.ts"
import { optimistically } from "./internal/Contention.ts"
import * as Stored from "./internal/Stored.ts"
import { inOrder } from "./internal/WireOrder.ts"
import { RecordChanges } from "./RecordChanges.ts"
import { Busy, fail, type RegistryError } from "./RegistryError.ts"
import * as ResourceId from "./ResourceId.ts"
import type { SearchRequest, SearchResult } from "./Search.ts"
import { type Draft, Task } from "./Task.ts"

export interface Found {
  readonly document: Document
  readonly task: Task
}

export class Tasks extends Context.Service<
  Tasks,
  {
    /** Answers the id. */
    readonly create: (draft: Draft) => Effect.Effect<string, RegistryError>
    readonly get: (id: string) => Effect.Effect<Found, RegistryError>
    /** Changes the fields given; the others stay. */
    readonly update: (id: string, change: Partial<Draft>) => Effect.Effect<Found, RegistryError>
    /** Fails with `Busy` while the task runs, and with `NotFound`. */
    readonly delete: (id: string) => Effect.Effect<Document, RegistryError>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryError>
  }
>()("@drawbar/registry/Tasks") {
  static readonly layer = Layer.effect(
    Tasks,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* RecordChanges

      const get = Effect.fnUntraced(function* (id: string) {
        const document = yield* Stored.find(store, collection, id, "Failed to find task")
        return { document, task: yield* Effect.fromResult(Stored.read(collection, document, decodeTask)) }
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
              const before = yield* get(id)
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

        search: (request) => store.search(collection, request),
      }
    }),
  )
}

const collection = "task"

const decodeTask: (source: unknown) => Result.Result<Task, BlueprintError> = decode(Task)

const sourceOf = (task: Task): JsonObject => inOrder(Task.fields, task)

/** The write that makes a task, to stand in the transaction of what it reports. `now` is in milliseconds. */
export const created = (id: string, draft: Draft, now: number): Write => ({
  _tag: "Create",
  collection,
  id,
  source: sourceOf({ ...draft, create_time: now, last_update_time: now }),
})

const running = (id: string) =>
  fail(new Busy({ collection, id, message: "Task cannot be deleted in running state. Try after some time." }))
