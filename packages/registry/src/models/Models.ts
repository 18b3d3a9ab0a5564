/** Remembers models: which group and version each is, what it is connected to, and whether it is deployed. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import type { Json } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Verify } from "../records/Connectors.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import { type Document, shown, type Write } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as UniquenessGuard from "../internal/UniquenessGuard.ts"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
import * as ModelAccess from "../internal/ModelAccess.ts"
import { referring } from "../internal/References.ts"
import * as RecordBounds from "../records/RecordBounds.ts"
import * as Sealing from "../internal/Sealing.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as Model from "./Model.ts"
import * as ModelDocument from "./ModelDocument.ts"
import type { ModelGuardrails } from "./ModelGuardrails.ts"
import * as ModelGroups from "./ModelGroups.ts"
import * as ModelRegistration from "./ModelRegistration.ts"
import * as ModelInterface from "./ModelInterface.ts"
import * as ModelSettings from "./ModelSettings.ts"
import { NodeId } from "../records/NodeId.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { StoreError, NotFound } from "@drawbar/document-store/StoreError"
import { InvalidState, RecordAccessDenied, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "../records/ResourceId.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"
import { matchAll, maxWindow, type SearchRequest, type SearchResult } from "@drawbar/document-store/search/Search"
import type { Draft } from "../records/Task.ts"
import * as Tasks from "../records/Tasks.ts"

export interface Found {
  readonly document: Document
  readonly model: Model.Model
}

export interface Registered {
  readonly task_id: string
  readonly model_id: string
  readonly model_group_id: string
  readonly model_version: string
  /** Whether the group was made for this model. */
  readonly groupIsNew: boolean
}

export class Models extends Context.Service<
  Models,
  {
    /**
     * Reads a `_register` body and, in one transaction, makes the model, its task, and its group or its place in one.
     * `verify` looks at an inline connector before anything is written.
     */
    readonly register: <E = never, R = never>(
      body: Json,
      verify?: Verify<E, R>,
    ) => Effect.Effect<Registered, RegistryFailure | E, R>
    /** The model, and its record as it may be shown. */
    readonly get: (id: string) => Effect.Effect<Found, RegistryFailure>
    /** Reads a `PUT` body; see `ModelSettings.changed`. `verify` looks at a changed inline connector. */
    readonly update: <E = never, R = never>(
      id: string,
      body: Json,
      verify?: Verify<E, R>,
    ) => Effect.Effect<Document, RegistryFailure | E, R>
    /** Fails with `InvalidState` while the model is deployed, and with `NotFound`. */
    readonly delete: (id: string) => Effect.Effect<Document, RegistryFailure>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryFailure>
    /** The connector that lives in a model, with its credential opened; none where the model refers to one. */
    readonly blueprint: (found: Found) => Effect.Effect<Option.Option<Blueprint.Blueprint>, RegistryFailure>
    /** Deploys, again if it was; answers the id of the task that says so. */
    readonly markDeployed: (id: string) => Effect.Effect<string, RegistryFailure>
    /** Answers whether the model was deployed; it is `UNDEPLOYED` in any case. */
    readonly markUndeployed: (id: string) => Effect.Effect<boolean, RegistryFailure>
    /** The ids of the models that are closed to the principal: what is shown of models leaves them out. */
    readonly hidden: Effect.Effect<ReadonlySet<string>, RegistryFailure>
    /** The ids of the models that refer to a connector. */
    readonly referencing: (connectorId: string) => Effect.Effect<ReadonlyArray<string>, RegistryFailure>
  }
>()("@drawbar/registry/Models") {
  static readonly layer = Layer.effect(
    Models,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const vault = yield* CredentialVault
      const nodeId = yield* NodeId
      const asking = yield* AccessControl.enforcedPrincipal("model")
      const askingForConnector = yield* AccessControl.enforcedPrincipal("connector")

      const find = Effect.fnUntraced(function* (id: string, message: string) {
        const document = yield* StoredRecord.find(store, collection, id, message)
        return { document, model: yield* Effect.fromResult(StoredRecord.read(collection, document, Model.read)) }
      })

      /** The record, where its group is open to who asks. */
      const findFor = Effect.fnUntraced(function* (id: string, message: string, denial = noPrivilege) {
        const found = yield* find(id, message)
        yield* Effect.fromResult(AccessControl.requireAccess(yield* asking, yield* accessOf(found.model), denial))
        return found
      })

      const accessOf = (model: Model.Model) =>
        Effect.map(
          store.get("model-group", model.model_group_id),
          Option.match({
            onNone: () => AccessControl.Access.make({}),
            onSome: ({ source }) => AccessControl.of(source),
          }),
        )

      /** Who judges has to be open to who says so: a judgement tells what was answered. */
      const judgedBy = (guardrails: ModelGuardrails | null | undefined) =>
        Effect.flatMap(asking, (asker) =>
          asker === undefined || guardrails?.type !== "model"
            ? Effect.void
            : Effect.forEach([guardrails.input_guardrail?.model_id, guardrails.output_guardrail?.model_id], (id) =>
                id == null ? Effect.void : findFor(id, `Failed to find the model that judges: ${id}`),
              ),
        )

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

      const register = Effect.fnUntraced(function* <E, R>(
        body: Json,
        verify?: Verify<E, R>,
      ): Effect.fn.Return<Registered, RegistryFailure | E, R> {
        const asked = yield* Effect.fromResult(Result.flatMap(readBody(body), ModelRegistration.check))
        const { source } = asked
        yield* judgedBy(asked.settings.guardrails)
        const model_id = yield* ResourceId.chosenOrNew("model", asked.id)
        yield* lifted(RecordBounds.name("Model name", asked.name))
        if (source._tag === "Inline") yield* lifted(RecordBounds.blueprint(source.blueprint))
        if (source._tag === "Inline" && verify !== undefined) yield* verify(source.blueprint)
        const owner = yield* AccessControl.ownerOfNew
        const sealed =
          source._tag === "Inline"
            ? yield* vault.seal(
                collection,
                model_id,
                source.blueprint.credential,
                SecretBinding.of(source.blueprint.connector, owner),
              )
            : {}
        const task_id = yield* ResourceId.make
        return yield* optimistically(
          changes,
          Effect.fnUntraced(function* (commit: Commit) {
            const now = yield* Clock.currentTimeMillis
            const references =
              source._tag === "Reference" ? [yield* reference(source.connectorId, noUse(source.connectorId))] : []
            const { groupId, version, groupIsNew, writes } = yield* place(asked, now)
            const model = newModel(asked, groupId, version, owner, now)
            yield* commit([
              { _tag: "Create", collection, id: model_id, source: Model.sourceOf(model), sealed },
              Tasks.created(
                task_id,
                {
                  ...taskOf("REGISTER_MODEL", model_id, nodeId),
                  placement: { model_group_id: groupId, model_version: version, model_group_created: groupIsNew },
                },
                now,
              ),
              ...writes,
              ...references,
            ])
            yield* warned(model_id, asked.settings.interface)
            return { task_id, model_id, model_group_id: groupId, model_version: version, groupIsNew }
          }),
          [
            asked.groupId === undefined ? `group name ${asked.name}` : `model-group ${asked.groupId}`,
            ...(source._tag === "Reference" ? [`connector ${source.connectorId}`] : []),
          ],
        ).pipe(
          Effect.catchReason("StoreError", "AlreadyExists", () =>
            Effect.fail(ResourceId.alreadyExists("model", model_id)),
          ),
        )
      })

      /** The connector of a model after a change, what is sealed of it, and the writes that hold it. */
      const reconnected = Effect.fnUntraced(function* <E, R>(
        { document, model }: Found,
        { connector, connector_id }: ModelDocument.ModelDocument,
        owner: AccessControl.Access["owner"],
        verify?: Verify<E, R>,
      ): Effect.fn.Return<Reconnected, RegistryFailure | E, R> {
        const { id, sealed } = document
        if (connector_id != null) {
          if (model.connector_id === undefined) return yield* notReferring
          return { connected: { connector_id }, sealed, writes: [yield* reference(connector_id, noLink(connector_id))] }
        }
        if (connector == null) {
          const binding = SecretBinding.of(model.connector, model.owned_by)
          const next = SecretBinding.of(model.connector, owner)
          // Only a model that gets its owner now: secrets that do not open must not keep it from being renamed, or switched off.
          const renewed = binding === next ? sealed : yield* vault.renew(collection, id, sealed, binding, next)
          return { connected: {}, sealed: renewed, writes: [] }
        }
        if (model.connector === undefined) return yield* notInline
        const change = yield* Effect.fromResult(ModelRegistration.inlineBlueprint(Blueprint.checkChange(connector)))
        const changed = yield* Sealing.change(
          vault,
          { collection, id, sealed, owner: model.owned_by },
          model.connector,
          change,
          owner,
        )
        const isOwn = yield* AccessControl.isOwner({ owner: ownerOf(model, yield* accessOf(model)) })
        if (!isOwn)
          yield* Effect.fromResult(AccessControl.checkVerification(model.connector, changed.blueprint.connector))
        const isBound = changed.keepsSecrets && !isOwn
        if (verify !== undefined) yield* verify(changed.blueprint, isBound ? model.connector : undefined)
        return { connected: { connector: changed.blueprint.connector }, sealed: changed.sealed, writes: [] }
      })

      const updateOnce = Effect.fnUntraced(function* <E, R>(
        commit: Commit,
        id: string,
        body: Json,
        verify?: Verify<E, R>,
      ): Effect.fn.Return<Document, RegistryFailure | E, R> {
        const document = yield* Effect.fromResult(Result.flatMap(readBody(body), checkChange))
        const before = yield* find(id, `Failed to find model to update with the provided model id: ${id}`)
        const group = yield* accessOf(before.model)
        const asker = yield* asking
        const owners = [ownerOf(before.model, group), group.owner]
        // Its owner may move it also out of a group that was closed to them.
        if (asker !== undefined && !AccessControl.isOneOfOwners(asker, owners))
          yield* Effect.fromResult(AccessControl.requireAccess(asker, group, `${noPrivilege}, model ID ${id}`))
        yield* lifted(RecordBounds.name("Model Name", document.name ?? undefined))
        const now = yield* Clock.currentTimeMillis
        const settings = yield* Effect.fromResult(ModelSettings.changed(before.model, document))
        if (document.guardrails != null) yield* judgedBy(settings.guardrails)
        const target = document.model_group_id
        const isMoved = target != null && target !== before.model.model_group_id
        if (isMoved && asker !== undefined && !AccessControl.isOneOfOwners(asker, owners))
          return yield* RegistryError.from(new RecordAccessDenied({ message: notYoursToMove }))
        // Another group must not give it another owner.
        const owner = before.model.owned_by ?? (isMoved ? (group.owner ?? AccessControl.withoutOwner) : undefined)
        const { connected, sealed, writes } = yield* reconnected(before, document, owner, verify)
        const moved = isMoved ? yield* join(target, noTarget(target), now, noMove(target)) : undefined
        const { description, guarded_by, ...kept } = ModelSettings.without(before.model)
        const named = document.guardrails === undefined ? guarded_by : yield* AccessControl.ownerOfNew
        const described = document.description === undefined ? description : (document.description ?? undefined)
        const model: Model.Model = {
          ...kept,
          ...settings,
          ...connected,
          ...(described === undefined ? {} : { description: described }),
          name: document.name ?? before.model.name,
          ...(moved === undefined ? {} : { model_group_id: moved.groupId, model_version: moved.version }),
          ...(owner === undefined ? {} : { owned_by: owner }),
          ...guardedBy(settings.guardrails, named),
          last_updated_time: now,
        }
        const [written = before.document] = yield* commit([
          replaced(before.document, model, sealed),
          ...writes,
          ...(moved?.writes ?? []),
        ])
        if (document.interface != null) yield* warned(id, settings.interface)
        return written
      })

      return {
        register,

        get: (id) =>
          Effect.map(findFor(id, `Failed to find model with the provided model id: ${id}`), ({ document, model }) => ({
            document: shownOf(document),
            model,
          })),

        update: (id, body, verify) =>
          Effect.map(
            optimistically(changes, (commit) => updateOnce(commit, id, body, verify), [`model ${id}`]),
            shownOf,
          ),

        delete: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, model } = yield* findFor(id, "Failed to find model")
              if (model.model_state === "DEPLOYED") return yield* stillDeployed
              const controller = yield* store.get("controller", id)
              yield* commit([
                { _tag: "Delete", collection, id, ifVersion: document.version },
                ...(Option.isNone(controller) ? [] : [{ _tag: "Delete", collection: "controller", id } as const]),
              ])
              return shownOf(document)
            }),
          ),

        search: Effect.fnUntraced(function* (request) {
          const asker = yield* asking
          if (asker === undefined) return yield* store.search(collection, request)
          const anyGroup = { ...matchAll, size: maxWindow, source: false } as const
          const { hits } = yield* store.search("model-group", AccessControl.visibleTo(asker, anyGroup))
          const open = AccessControl.hasAnyOf(
            "model_group_id",
            hits.map(({ id }) => id),
          )
          return yield* store.search(collection, AccessControl.filtered(request, open))
        }),

        blueprint: Effect.fnUntraced(function* ({ document, model: { connector, owned_by } }) {
          if (connector === undefined) return Option.none()
          const binding = SecretBinding.of(connector, owned_by)
          const credential = yield* vault.open(collection, document.id, document.sealed, binding)
          return Option.some({ connector, credential })
        }),

        markDeployed: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, model } = yield* findFor(id, "Failed to find model")
              const now = yield* Clock.currentTimeMillis
              const task_id = yield* ResourceId.make
              yield* commit([
                replaced(document, Model.deployed(model, nodeId, now)),
                Tasks.created(task_id, { ...taskOf("DEPLOY_MODEL", id, nodeId), is_async: true }, now),
              ])
              return task_id
            }),
            [`model ${id}`],
          ),

        markUndeployed: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, model } = yield* findFor(
                id,
                "Failed to find model",
                `No permission to undeploy model ${id}`,
              )
              yield* commit([replaced(document, Model.undeployed(model, yield* Clock.currentTimeMillis))])
              return model.model_state === "DEPLOYED"
            }),
            [`model ${id}`],
          ),

        hidden: Effect.flatMap(asking, (asker) => ModelAccess.hidden(store, asker)),

        referencing: (connectorId) => referring(store, collection, "connector_id.keyword", connectorId),
      }
    }),
  )
}

interface Reconnected {
  readonly connected: Pick<Model.Model, "connector" | "connector_id">
  readonly sealed: Document["sealed"]
  readonly writes: ReadonlyArray<Write>
}

const collection = "model"

/** A model stored without an owner takes its group's. */
const ownerOf = (model: Model.Model, group: AccessControl.Access) => model.owned_by ?? group.owner

const shownOf = (document: Document): Document => ({ ...document, source: shown(collection, document.source) })

const readBody = (body: Json) => Result.mapError(ModelDocument.read(body), ({ reason }) => RegistryError.from(reason))

const lifted = <A>(checked: Result.Result<A, BlueprintError>) =>
  Effect.fromResult(Result.mapError(checked, ({ reason }) => RegistryError.from(reason)))

const checkChange = (
  document: ModelDocument.ModelDocument,
): Result.Result<ModelDocument.ModelDocument, RegistryFailure> => {
  if (document.connector != null && document.connector_id != null) return Result.fail(ModelRegistration.bothConnectors)
  const text = ModelRegistration.checkText([
    { label: "Model Name", text: document.name ?? undefined, required: document.name != null },
    { label: "Model Description", text: document.description ?? undefined },
  ])
  return Result.mapBoth(text, { onSuccess: () => document, onFailure: ({ reason }) => RegistryError.from(reason) })
}

const newModel = (
  asked: ModelRegistration.ModelRegistration,
  groupId: string,
  version: string,
  owner: AccessControl.Access["owner"],
  now: number,
): Model.Model => ({
  name: asked.name,
  model_group_id: groupId,
  algorithm: "REMOTE",
  model_version: version,
  ...(asked.description === undefined ? {} : { description: asked.description }),
  model_state: "REGISTERED",
  ...asked.settings,
  created_time: now,
  last_updated_time: now,
  is_hidden: false,
  ...(asked.source._tag === "Reference"
    ? { connector_id: asked.source.connectorId }
    : { connector: asked.source.blueprint.connector }),
  ...(asked.provisionedBy === undefined ? {} : { provisioned_by: asked.provisionedBy }),
  ...(owner === undefined ? {} : { owned_by: owner }),
  ...guardedBy(asked.settings.guardrails, owner),
})

/** Who named the models that judge, where there are any. */
const guardedBy = (
  guardrails: ModelGuardrails | undefined,
  named: AccessControl.Access["owner"],
): Pick<Model.Model, "guarded_by"> => (guardrails?.type !== "model" || named === undefined ? {} : { guarded_by: named })

const replaced = ({ id, version, sealed }: Document, model: Model.Model, now = sealed): Write => ({
  _tag: "Replace",
  collection,
  id,
  source: Model.sourceOf(model),
  sealed: now,
  ifVersion: version,
})

const taskOf = (task_type: Draft["task_type"], model_id: string, nodeId: string): Draft => ({
  model_id,
  task_type,
  function_name: "REMOTE",
  state: "COMPLETED",
  worker_node: [nodeId],
  is_async: false,
})

const noPrivilege = "User doesn't have privilege to perform this operation on this model"
const noJoin = "You don't have permissions to perform this operation on this model."
/** Names in a schema are the author's, and stay out of the log. */
const warned = (id: string, given: ModelInterface.ModelInterface | undefined) => {
  const { length } = given === undefined ? [] : ModelInterface.warnings(given)
  return length === 0
    ? Effect.void
    : Effect.logWarning(
        `Model ${id}: ${length} ${length === 1 ? "part" : "parts"} of its interface ${length === 1 ? "is" : "are"} no schema, and nothing is checked there`,
      )
}

const noLink = (id: string) => `You don't have permission to update the connector, connector id: ${id}`
const noUse = (id: string) => `You don't have permission to use the connector provided, connector id: ${id}`
const noMove = (id: string) =>
  `User Doesn't have privilege to re-link this model to the target model group due to no access to the target model group with model group ID ${id}`

const notYoursToMove =
  "Only the owner of this model, the owner of its model group or an admin can move it to another model group. Ask one of them."

const noConnector = (id: string) =>
  StoreError.from(new NotFound({ collection: "connector", id, message: `Failed to find connector:${id}` }))

const noTarget = (id: string) =>
  `Failed to find the model group with the provided model group id in the update model input, MODEL_GROUP_ID: ${id}`

const notReferring = RegistryError.from(
  new InvalidState({ message: "This remote does not have a connector_id field, maybe it uses an internal connector." }),
)

const notInline = RegistryError.from(
  new InvalidState({
    message:
      "Cannot update connector settings for this model. The model was created with a connector_id and does not have an inline connector.",
  }),
)

const stillDeployed = RegistryError.from(
  new InvalidState({
    message: "Model cannot be deleted in deploying or deployed state. Try undeploy model first then delete",
  }),
)
