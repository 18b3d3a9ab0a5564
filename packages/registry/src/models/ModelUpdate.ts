/** Changes a model by a `PUT` body: its settings, its connector, and its group. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { Json } from "@drawbar/json-text/Json"
import { Clock, Effect, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Verify } from "../records/Connectors.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import { type Document, type Write } from "@drawbar/document-store/Document"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
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
    const changed = yield* Sealing.change(
      vault,
      { collection, id, sealed, owner: model.owned_by },
      model.connector,
      change,
      owner,
    )
    const isOwn = yield* AccessControl.isOwner({ owner: ownerOf(model, yield* accessOf(model)) })
    if (!isOwn) yield* Effect.fromResult(AccessControl.checkVerification(model.connector, changed.blueprint.connector))
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

  return <E = never, R = never>(id: string, body: Json, verify?: Verify<E, R>) =>
    Effect.map(
      optimistically(changes, (commit) => updateOnce(commit, id, body, verify), [`model ${id}`]),
      shownOf,
    )
})

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
