/** Remembers model groups. A name belongs to one group: its claim is created in the same transaction as the group. */
import { invalid, UnsafeText } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import type { Json, JsonObject } from "@drawbar/json-text/Json"
import * as SafeText from "@drawbar/json-text/SafeText"
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Document, Write } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as RecordHistory from "../history/RecordHistory.ts"
import * as VersionReader from "../history/VersionReader.ts"
import * as WriteCondition from "../records/WriteCondition.ts"
import * as UniquenessGuard from "../internal/UniquenessGuard.ts"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
import { referring } from "../internal/References.ts"
import * as RecordBounds from "../records/RecordBounds.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import { inOrder } from "../internal/FieldOrder.ts"
import { ModelGroup, ModelGroupDocument } from "./ModelGroup.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { InUse, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "../records/ResourceId.ts"
import type { SearchRequest, SearchResult } from "@drawbar/document-store/search/Search"

export class ModelGroups extends Context.Service<
  ModelGroups,
  {
    /** Registers the group of a `_register` body. Returns its id. */
    readonly register: (body: Json) => Effect.Effect<string, RegistryFailure>
    readonly get: (id: string) => Effect.Effect<Document, RegistryFailure>
    /** Reads a `PUT` body; `null` takes the description away. */
    readonly update: (
      id: string,
      body: Json,
      condition?: WriteCondition.WriteCondition,
    ) => Effect.Effect<Document, RegistryFailure>
    /** Name and description of an earlier version; who may use the group stays as it is. */
    readonly rollback: (
      id: string,
      version: number,
      condition?: WriteCondition.WriteCondition,
    ) => Effect.Effect<Document, RegistryFailure>
    /** What was deleted, none where there was nothing; fails with `InUse` while models belong to it. */
    readonly delete: (id: string) => Effect.Effect<Option.Option<Document>, RegistryFailure>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryFailure>
  }
>()("@drawbar/registry/ModelGroups") {
  static readonly layer = Layer.effect(
    ModelGroups,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const asking = yield* AccessControl.enforcedPrincipal("model")

      const find = Effect.fnUntraced(function* (id: string) {
        const document = yield* StoredRecord.find(store, collection, id, notFound(id))
        return { document, group: yield* Effect.fromResult(read(document)) }
      })

      const permitted = (group: ModelGroup, message: string) =>
        Effect.flatMap(asking, (asker) => Effect.fromResult(AccessControl.requireAccess(asker, group, message)))

      const ownerOf = (name: string) =>
        Effect.map(
          store.get(UniquenessGuard.collection, UniquenessGuard.ofGroupName(name)),
          Option.map(({ source }) => UniquenessGuard.groupOf(source)),
        )

      const refuseTaken = Effect.fnUntraced(function* (name: string, message: (owner: string) => string) {
        const owner = yield* ownerOf(name)
        if (Option.isSome(owner)) return yield* RegistryError.from(invalid("/name", message(owner.value)).reason)
      })

      const update = (id: string, body: Json, condition?: WriteCondition.WriteCondition) =>
        optimistically(
          changes,
          Effect.fnUntraced(function* (commit: Commit) {
            const change = yield* Effect.fromResult(Result.flatMap(readBody(body), checkChange))
            const { document, group } = yield* find(id)
            yield* permitted(group, "You don't have permission to update this model group.")
            yield* WriteCondition.check(document, condition)
            const owned = yield* Effect.fromResult(AccessControl.updatedAccess("model", yield* asking, group, change))
            const next: ModelGroup = inChange(group, change, owned, yield* Clock.currentTimeMillis)
            if (next.name !== group.name)
              yield* refuseTaken(
                next.name,
                (owner) =>
                  `The name you provided is already being used by another model with ID: ${owner}. Please provide a different name`,
              )
            const [written = document] = yield* commit([
              replaced(document, next),
              ...(next.name === group.name ? [] : [claim(next.name, id), unclaim(group.name)]),
            ])
            return written
          }),
          [`model-group ${id}`],
        )

      return {
        register: Effect.fnUntraced(function* (body) {
          const document = yield* Effect.fromResult(readBody(body))
          const { name, description, model_group_id } = yield* Effect.fromResult(checkNew(document))
          const owned = yield* Effect.fromResult(AccessControl.initialAccess("model", yield* asking, document))
          const id = yield* ResourceId.chosenOrNew("model-group", model_group_id)
          return yield* optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              yield* refuseTaken(
                name,
                (owner) => `The name you provided is already being used by a model group with ID: ${owner}.`,
              )
              yield* commit(created(id, draft(name, description, owned, yield* Clock.currentTimeMillis)))
              return id
            }),
            [`group name ${name}`],
          ).pipe(
            Effect.catchReason("StoreError", "AlreadyExists", () =>
              Effect.fail(ResourceId.alreadyExists("model-group", id)),
            ),
          )
        }),

        get: Effect.fnUntraced(function* (id) {
          const { document, group } = yield* find(id)
          yield* permitted(group, "User doesn't have privilege to perform this operation on this model group")
          return document
        }),

        update,

        rollback: Effect.fnUntraced(function* (id, version, condition) {
          const { document, group } = yield* find(id)
          yield* permitted(group, "You don't have permission to update this model group.")
          const { source } = yield* VersionReader.get(store, { collection, document }, version)
          const earlier = yield* Effect.fromResult(read({ ...document, source }))
          const change = { name: earlier.name, description: earlier.description ?? null }
          return yield* Effect.provideService(update(id, change, condition), RecordHistory.Restoring, version)
        }),

        delete: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const found = yield* store.get(collection, id)
              if (Option.isNone(found)) return Option.none()
              const group = yield* Effect.fromResult(read(found.value))
              yield* permitted(group, "User doesn't have privilege to delete this model group")
              const users = yield* referring(store, "model", "model_group_id", id)
              if (users.length > 0)
                return yield* RegistryError.from(
                  new InUse({ users, message: "Cannot delete the model group when it has associated model versions" }),
                )
              // Who joins a group writes its latest version: a model that came meanwhile fails this.
              yield* commit([{ _tag: "Delete", collection, id, ifVersion: found.value.version }, unclaim(group.name)])
              return found
            }),
            [`model-group ${id}`],
          ),

        search: (request) =>
          Effect.flatMap(asking, (asker) => store.search(collection, AccessControl.visibleTo(asker, request))),
      }
    }),
  )
}

const collection = "model-group"

export const notFound = (id: string) => `Failed to find model group with the provided model group id: ${id}`

const decodeDocument = decode(ModelGroupDocument)
const decodeGroup = decode(ModelGroup)

/** The group in a record. */
export const read = (document: Document): Result.Result<ModelGroup, RegistryFailure> =>
  StoredRecord.read(collection, document, decodeGroup)

const readBody = (body: Json) => Result.mapError(decodeDocument(body), ({ reason }) => RegistryError.from(reason))

/** A group that no model has joined. */
export const draft = (
  name: string,
  description: string | null | undefined,
  owned: AccessControl.Access,
  now: number,
): ModelGroup => ({
  name,
  latest_version: 0,
  ...(description == null ? {} : { description }),
  access: "public",
  ...owned,
  created_time: now,
  last_updated_time: now,
})

/** The writes that make a group and claim its name, to stand in one transaction. */
export const created = (id: string, group: ModelGroup): ReadonlyArray<Write> => [
  { _tag: "Create", collection, id, source: sourceOf(group) },
  claim(group.name, id),
]

/** The write that replaces a group, if it has not changed since it was read. */
export const replaced = ({ id, version }: Document, group: ModelGroup): Write => ({
  _tag: "Replace",
  collection,
  id,
  source: sourceOf(group),
  ifVersion: version,
})

const sourceOf = (group: ModelGroup): JsonObject => inOrder(ModelGroup.fields, group)

const claim = (name: string, id: string): Write => ({
  _tag: "Create",
  collection: UniquenessGuard.collection,
  id: UniquenessGuard.ofGroupName(name),
  source: { model_group_id: id },
})

const unclaim = (name: string): Write => ({
  _tag: "Delete",
  collection: UniquenessGuard.collection,
  id: UniquenessGuard.ofGroupName(name),
})

const checkNew = (document: ModelGroupDocument) =>
  Result.gen(function* () {
    const { name, description, model_group_id } = document
    if (name == null)
      return yield* Result.fail(RegistryError.from(invalid("/name", "model group name must not be null").reason))
    yield* checkText(document, true)
    return { name, description, model_group_id }
  })

const checkChange = (document: ModelGroupDocument) =>
  Result.gen(function* () {
    yield* checkText(document, false)
    return document
  })

const checkText = (
  { name, description }: ModelGroupDocument,
  required: boolean,
): Result.Result<void, RegistryFailure> => {
  const problems = SafeText.problems([
    { label: "Model group name", text: name ?? undefined, required },
    { label: "Model group description", text: description ?? undefined },
  ])
  if (problems.length > 0) return Result.fail(RegistryError.from(new UnsafeText({ problems })))
  return Result.mapError(RecordBounds.name("Model group name", name ?? undefined), ({ reason }) =>
    RegistryError.from(reason),
  )
}

// A blank name or description changes nothing, as clients expect.
const inChange = (
  { description: before, backend_roles: _, ...rest }: ModelGroup,
  change: ModelGroupDocument,
  owned: AccessControl.Access,
  now: number,
): ModelGroup => {
  const description = change.description === null ? undefined : (filled(change.description) ?? before)
  return {
    ...rest,
    ...owned,
    name: filled(change.name) ?? rest.name,
    ...(description === undefined ? {} : { description }),
    last_updated_time: now,
  }
}

const filled = (text: string | null | undefined) => (text == null || text.trim() === "" ? undefined : text)
