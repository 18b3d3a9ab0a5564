/** What a model is bound to: its place in a group, and the connector that it refers to. */
import { Effect, Option } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import { type Write } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as UniquenessGuard from "../internal/UniquenessGuard.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as ModelGroups from "./ModelGroups.ts"
import * as ModelRegistration from "./ModelRegistration.ts"
import { StoreError, NotFound } from "@drawbar/document-store/StoreError"
import * as ResourceId from "../records/ResourceId.ts"
import type { ModelFinder } from "./ModelFinder.ts"

export const make = Effect.fnUntraced(function* ({ asking }: Pick<ModelFinder, "asking">) {
  const store = yield* DocumentStore
  const askingForConnector = yield* AccessControl.enforcedPrincipal("connector")

  /** The write without which a connector could be deleted while a model comes to refer to it. */
  const reference = Effect.fnUntraced(function* (connectorId: string, denial: string) {
    const guard = yield* store.get(UniquenessGuard.collection, UniquenessGuard.ofConnector(connectorId))
    if (Option.isNone(guard)) return yield* noConnector(connectorId)
    const asker = yield* askingForConnector
    const connector = asker === undefined ? Option.none() : yield* store.get("connector", connectorId)
    if (Option.isSome(connector))
      yield* Effect.fromResult(AccessControl.requireAccess(asker, AccessControl.of(connector.value.source), denial))
    const { id, version, source } = guard.value
    return {
      _tag: "Replace",
      collection: UniquenessGuard.collection,
      id,
      source,
      ifVersion: version,
    } satisfies Write
  })

  /** The next place in a group, and the write that takes it. */
  const join = Effect.fnUntraced(function* (groupId: string, message: string, now: number, denial = noJoin) {
    const document = yield* StoredRecord.find(store, "model-group", groupId, message)
    const group = yield* Effect.fromResult(ModelGroups.read(document))
    yield* Effect.fromResult(AccessControl.requireAccess(yield* asking, group, denial))
    const latest_version = group.latest_version + 1
    return {
      groupId,
      version: String(latest_version),
      groupIsNew: false,
      writes: [ModelGroups.replaced(document, { ...group, latest_version, last_updated_time: now })],
    }
  })

  /** A place in the group that was asked for, in the one of that name, or in a new one. */
  const place = Effect.fnUntraced(function* (asked: ModelRegistration.ModelRegistration, now: number) {
    if (asked.groupId !== undefined) return yield* join(asked.groupId, ModelGroups.notFound(asked.groupId), now)
    const claim = yield* store.get(UniquenessGuard.collection, UniquenessGuard.ofGroupName(asked.name))
    if (Option.isSome(claim)) {
      const groupId = UniquenessGuard.groupOf(claim.value.source)
      return yield* join(groupId, ModelGroups.notFound(groupId), now)
    }
    const owned = yield* Effect.fromResult(AccessControl.initialAccess("model", yield* asking, asked.access))
    const groupId = yield* ResourceId.make
    const group = { ...ModelGroups.draft(asked.name, asked.description, owned, now), latest_version: 1 }
    return { groupId, version: "1", groupIsNew: true, writes: ModelGroups.created(groupId, group) }
  })

  return { reference, join, place }
})

export type ModelPlacement = Effect.Success<ReturnType<typeof make>>

const noJoin = "You don't have permissions to perform this operation on this model."

const noConnector = (id: string) =>
  StoreError.from(new NotFound({ collection: "connector", id, message: `Failed to find connector:${id}` }))
