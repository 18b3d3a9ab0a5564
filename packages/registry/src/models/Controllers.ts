/** Remembers how often each user may call a model: one controller a model, under the model's id. */
import { decode } from "@drawbar/json-text/Decode"
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Option, Result, Schema } from "effect"
import type { Document } from "@drawbar/document-store/Document"
import * as AccessControl from "../access/AccessControl.ts"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as MergePatch from "../records/MergePatch.ts"
import * as Model from "./Model.ts"
import * as RateLimit from "./RateLimit.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { StoreError, NotFound } from "@drawbar/document-store/StoreError"
import { Busy, RegistryError, type RegistryFailure } from "../RegistryError.ts"

export const Controller = Schema.Struct({
  model_id: Schema.String,
  user_rate_limiter: Schema.Record(Schema.String, RateLimit.RateLimit),
})
export type Controller = typeof Controller.Type

export class Controllers extends Context.Service<
  Controllers,
  {
    /** Reads a body and makes, or overwrites, the controller of a model. */
    readonly create: (modelId: string, body: Json) => Effect.Effect<"CREATED" | "UPDATED", RegistryFailure>
    /** Merges a body into the controller, user by user; `null` takes a user's limit away. */
    readonly update: (modelId: string, body: Json) => Effect.Effect<Document, RegistryFailure>
    readonly get: (modelId: string) => Effect.Effect<Document, RegistryFailure>
    /** The limits by user; none where there is no controller. */
    readonly limits: (modelId: string) => Effect.Effect<Controller["user_rate_limiter"], RegistryFailure>
    /** What was deleted, none where there was nothing. */
    readonly delete: (modelId: string) => Effect.Effect<Option.Option<Document>, RegistryFailure>
  }
>()("@drawbar/registry/Controllers") {
  static readonly layer = Layer.effect(
    Controllers,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const asking = yield* AccessControl.enforcedPrincipal("model")

      const modelOf = Effect.fnUntraced(function* (id: string, verb: "create" | "get" | "delete") {
        const document = yield* StoredRecord.find(
          store,
          "model",
          id,
          `Failed to find model to ${verb} the corresponding model controller with the provided model ID`,
        )
        const model = yield* Effect.fromResult(StoredRecord.read("model", document, Model.read))
        const asker = yield* asking
        const group = asker === undefined ? Option.none() : yield* store.get("model-group", model.model_group_id)
        if (Option.isSome(group))
          yield* Effect.fromResult(
            AccessControl.requireAccess(asker, AccessControl.of(group.value.source), noPrivilege(id)),
          )
        return { document, model }
      })

      const limits = Effect.fnUntraced(function* (id: string) {
        const found = yield* store.get(collection, id)
        if (Option.isNone(found)) return {}
        return (yield* Effect.fromResult(StoredRecord.read(collection, found.value, readController))).user_rate_limiter
      })

      // The model is written with its controller, so that a deployment made before is made again.
      const write = Effect.fnUntraced(function* (id: string, merge: (before: Limits | undefined) => Checked) {
        return yield* optimistically(
          changes,
          Effect.fnUntraced(function* (commit) {
            const { document, model } = yield* modelOf(id, "create")
            const before = yield* store.get(collection, id)
            const user_rate_limiter = yield* Effect.fromResult(
              merge(Option.isSome(before) ? yield* limits(id) : undefined),
            )
            const source = { model_id: id, user_rate_limiter }
            const [written] = yield* commit([
              Option.isNone(before)
                ? { _tag: "Create", collection, id, source }
                : { _tag: "Replace", collection, id, source, ifVersion: before.value.version },
              replaced(document, {
                ...model,
                is_controller_enabled: true,
                last_updated_time: yield* Clock.currentTimeMillis,
              }),
            ])
            return { isNew: Option.isNone(before), written }
          }),
          [`model ${id}`],
        )
      })

      return {
        limits,

        create: (id, body) =>
          Effect.map(
            write(id, () => checked(body, {})),
            ({ isNew }) => (isNew ? "CREATED" : "UPDATED"),
          ),

        update: Effect.fnUntraced(function* (id, body) {
          const { written } = yield* write(id, (before) =>
            before === undefined ? Result.fail(noController(id)) : checked(body, before),
          )
          return written ?? (yield* StoredRecord.find(store, collection, id, absent))
        }),

        get: Effect.fnUntraced(function* (id) {
          yield* modelOf(id, "get")
          return yield* StoredRecord.find(store, collection, id, absent)
        }),

        delete: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, model } = yield* modelOf(id, "delete")
              const found = yield* store.get(collection, id)
              if (Option.isNone(found)) return yield* StoreError.from(new NotFound({ collection, id, message: absent }))
              const { is_controller_enabled: _, ...rest } = model
              const [removed] = yield* commit([
                { _tag: "Delete", collection, id, ifVersion: found.value.version },
                replaced(document, { ...rest, last_updated_time: yield* Clock.currentTimeMillis }),
              ])
              return Option.fromUndefinedOr(removed)
            }),
          ),
      }
    }),
  )
}

const collection = "controller"

const noPrivilege = (id: string) =>
  `User doesn't have privilege to perform this operation on this model controller. Model ID: ${id}`

type Limits = Controller["user_rate_limiter"]
type Checked = Result.Result<Limits, RegistryFailure>

const readController = decode(Controller)

const absent = "Failed to find model controller with the provided model ID"

/** The limits of a body, over those before. */
const checked = (body: Json, before: Limits): Checked => {
  const given = isObject(body) ? body["user_rate_limiter"] : undefined
  if (given !== undefined && given !== null && !isObject(given))
    return Result.fail(
      RegistryError.from(invalid("/user_rate_limiter", "Expected an object at [/user_rate_limiter]").reason),
    )
  const merged: JsonObject = MergePatch.apply(before, given ?? {})
  const limits: { [user: string]: RateLimit.RateLimit } = Object.create(null)
  for (const [user, limit] of Object.entries(merged)) {
    const read = RateLimit.check(isObject(limit) ? limit : {})
    if (Result.isFailure(read)) {
      const { message } = read.failure
      return Result.fail(RegistryError.from(invalid(`/user_rate_limiter/${user}`, `${message} (user ${user})`).reason))
    }
    limits[user] = read.success
  }
  return Result.succeed(limits)
}

const noController = (id: string) =>
  RegistryError.from(
    new Busy({
      collection,
      id,
      message: `Model controller haven't been created for the model. Consider calling create model controller api instead. Model ID: ${id}`,
    }),
  )

const replaced = ({ id, version, sealed }: Document, model: Model.Model) =>
  ({ _tag: "Replace", collection: "model", id, source: Model.sourceOf(model), sealed, ifVersion: version }) as const
