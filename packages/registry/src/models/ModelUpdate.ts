/** Changes a model by a `PUT` body: its settings, its connector, and its group. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import { type Json, stringify } from "@drawbar/json-text/Json"
import { Clock, Effect, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Change as RecordChange, Rollback, Verify } from "../records/Connectors.ts"
import * as RecordHistory from "../history/RecordHistory.ts"
import * as VersionReader from "../history/VersionReader.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import { type Document, type Write } from "@drawbar/document-store/Document"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as WriteCondition from "../records/WriteCondition.ts"
import * as RecordBounds from "../records/RecordBounds.ts"
import * as Sealing from "../internal/Sealing.ts"
import * as Model from "./Model.ts"
import * as ModelDocument from "./ModelDocument.ts"
import * as ModelRegistration from "./ModelRegistration.ts"
import * as ModelSettings from "./ModelSettings.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { InvalidState, RecordAccessDenied, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"
import { type Found, type ModelFinder, noPrivilege } from "./ModelFinder.ts"
import type { ModelPlacement } from "./ModelPlacement.ts"
import type { ModelTargets } from "./ModelTargets.ts"
import { collection, guardedBy, lifted, ownerOf, readBody, replaced, shownOf, warned } from "./ModelRecords.ts"

export const make = Effect.fnUntraced(function* (
  { asking, find, accessOf, judgedBy }: ModelFinder,
  { reference, join }: ModelPlacement,
  targets: ModelTargets,
) {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const vault = yield* CredentialVault

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
    return yield* rewritten({ document, model }, model.connector, Sealing.change(change), owner, verify)
  })

  /** Every way of changing an inline connector: the same rules for where its secrets go. */
  const rewritten = Effect.fnUntraced(function* <E, R>(
    { document: { id, sealed }, model }: Found,
    connector: Connector,
    revise: Sealing.Revise,
    owner: AccessControl.Access["owner"],
    verify?: Verify<E, R>,
  ): Effect.fn.Return<Reconnected, RegistryFailure | E, R> {
    const changed = yield* revise(vault, { collection, id, sealed, owner: model.owned_by }, connector, owner)
    const isOwn = yield* AccessControl.isOwner({ owner: ownerOf(model, yield* accessOf(model)) })
    if (!isOwn) yield* Effect.fromResult(AccessControl.checkVerification(connector, changed.blueprint.connector))
    const isBound = changed.keepsSecrets && !isOwn
    if (verify !== undefined) yield* verify(changed.blueprint, isBound ? connector : undefined)
    return { connected: { connector: changed.blueprint.connector }, sealed: changed.sealed, writes: [] }
  })

  /** The model, where the principal may change it. */
  const findToChange = Effect.fnUntraced(function* (id: string, condition: WriteCondition.WriteCondition | undefined) {
    const before = yield* find(id, `Failed to find model to update with the provided model id: ${id}`)
    const group = yield* accessOf(before.model)
    const asker = yield* asking
    const owners = [ownerOf(before.model, group), group.owner]
    const isOneOfOwners = asker === undefined || AccessControl.isOneOfOwners(asker, owners)
    // Its owner may move it also out of a group that was closed to them.
    if (!isOneOfOwners)
      yield* Effect.fromResult(AccessControl.requireAccess(asker, group, `${noPrivilege}, model ID ${id}`))
    yield* WriteCondition.check(before.document, condition)
    return { before, group, isOneOfOwners }
  })

  const updateOnce = Effect.fnUntraced(function* <E, R>(
    commit: Commit,
    id: string,
    body: Json,
    { verify, condition }: Change<E, R>,
  ): Effect.fn.Return<Document, RegistryFailure | E, R> {
    const document = yield* Effect.fromResult(Result.flatMap(readBody(body), checkChange))
    const { before, group, isOneOfOwners } = yield* findToChange(id, condition)
    yield* lifted(RecordBounds.name("Model Name", document.name ?? undefined))
    const now = yield* Clock.currentTimeMillis
    const settings = yield* Effect.fromResult(ModelSettings.changed(before.model, document))
    if (document.guardrails != null) yield* judgedBy(settings.guardrails)
    const target = document.model_group_id
    const isMoved = target != null && target !== before.model.model_group_id
    if (isMoved && !isOneOfOwners) return yield* RegistryError.from(new RecordAccessDenied({ message: notYoursToMove }))
    // Another group must not give it another owner.
    const owner = before.model.owned_by ?? (isMoved ? (group.owner ?? AccessControl.withoutOwner) : undefined)
    const { connected, sealed, writes } = yield* reconnected(before, document, owner, verify)
    const connectorId = connected.connector_id ?? before.model.connector_id
    const routed =
      settings.routing === undefined || (document.routing == null && document.connector_id == null)
        ? []
        : yield* targets(settings.routing, { id, connectorId })
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
      ...routed,
      ...(moved?.writes ?? []),
    ])
    if (document.interface != null) yield* warned(id, settings.interface)
    return written
  })

  const rollbackOnce = Effect.fnUntraced(function* <E, R>(
    commit: Commit,
    id: string,
    { version, credential, destinationsOf, verify, condition }: Rollback<E, R>,
  ): Effect.fn.Return<Document, RegistryFailure | E, R> {
    const { before } = yield* findToChange(id, condition)
    const { document, model } = before
    const { source, credential_keys } = yield* VersionReader.get(store, { collection, document }, version)
    const earlier = yield* Effect.fromResult(StoredRecord.read(collection, { ...document, source }, Model.read))
    yield* judgedBy(earlier.guardrails)
    const owner = model.owned_by
    const reconnecting = Effect.suspend((): Effect.Effect<Reconnected, RegistryFailure | E, R> => {
      const { connector, connector_id } = earlier
      if (connector !== undefined && model.connector !== undefined) {
        const label = `version ${version} of the model [${id}]`
        const revise = Sealing.restore({
          connector,
          credentialKeys: credential_keys,
          credential,
          destinationsOf,
          label,
        })
        return rewritten(before, model.connector, revise, owner, verify)
      }
      return reconnected(
        before,
        connector_id === model.connector_id ? {} : { connector_id: connector_id ?? null },
        owner,
      )
    })
    const { connected, sealed, writes } = yield* reconnecting
    // What an earlier version routed to may be closed to the caller, gone, or lead back here by now.
    const routed =
      earlier.routing === undefined || stringify(earlier.routing) === stringify(model.routing ?? null)
        ? []
        : yield* targets(earlier.routing, { id, connectorId: connected.connector_id ?? model.connector_id })
    const { description: _, guarded_by, ...kept } = ModelSettings.without(model)
    const isGuardedAlike = stringify(earlier.guardrails ?? null) === stringify(model.guardrails ?? null)
    const restored: Model.Model = {
      ...kept,
      ...ModelSettings.of(earlier),
      ...connected,
      ...(earlier.description === undefined ? {} : { description: earlier.description }),
      name: earlier.name,
      ...guardedBy(earlier.guardrails, isGuardedAlike ? guarded_by : yield* AccessControl.ownerOfNew),
      last_updated_time: yield* Clock.currentTimeMillis,
    }
    const [written = document] = yield* commit([replaced(document, restored, sealed), ...writes, ...routed])
    return written
  })

  return {
    update: <E = never, R = never>(id: string, body: Json, change: Change<E, R> = {}) =>
      Effect.map(
        optimistically(changes, (commit) => updateOnce(commit, id, body, change), [`model ${id}`]),
        shownOf,
      ),
    rollback: <E, R>(id: string, to: Rollback<E, R>) =>
      optimistically(changes, (commit) => rollbackOnce(commit, id, to), [`model ${id}`]).pipe(
        Effect.provideService(RecordHistory.Restoring, to.version),
        Effect.map(shownOf),
      ),
  }
})

export type Change<E, R> = Omit<RecordChange<E, R>, "access">

interface Reconnected {
  readonly connected: Pick<Model.Model, "connector" | "connector_id">
  readonly sealed: Document["sealed"]
  readonly writes: ReadonlyArray<Write>
}

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

const noLink = (id: string) => `You don't have permission to update the connector, connector id: ${id}`
const noMove = (id: string) =>
  `User Doesn't have privilege to re-link this model to the target model group due to no access to the target model group with model group ID ${id}`

const notYoursToMove =
  "Only the owner of this model, the owner of its model group or an admin can move it to another model group. Ask one of them."

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
