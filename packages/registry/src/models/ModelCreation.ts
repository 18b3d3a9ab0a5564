/** Makes a model from a `_register` body, with its task, and its group or its place in one. */
import type { Json } from "@drawbar/json-text/Json"
import { Clock, Effect, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Verify } from "../records/Connectors.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
import * as ModelNames from "../internal/NameClaims.ts"
import * as RecordBounds from "../records/RecordBounds.ts"
import * as Model from "./Model.ts"
import * as ModelRegistration from "./ModelRegistration.ts"
import { NodeId } from "../records/NodeId.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { type RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "../records/ResourceId.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"
import * as Tasks from "../records/Tasks.ts"
import type { ModelFinder } from "./ModelFinder.ts"
import type { ModelPlacement } from "./ModelPlacement.ts"
import type { ModelTargets } from "./ModelTargets.ts"
import { collection, guardedBy, lifted, readBody, taskOf, warned } from "./ModelRecords.ts"

export interface Registered {
  readonly task_id: string
  readonly model_id: string
  readonly model_group_id: string
  readonly model_version: string
  /** Whether the group was made for this model. */
  readonly groupIsNew: boolean
}

export const make = Effect.fnUntraced(function* (
  { judgedBy }: Pick<ModelFinder, "judgedBy">,
  { reference, place }: ModelPlacement,
  targets: ModelTargets,
) {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const vault = yield* CredentialVault
  const nodeId = yield* NodeId

  return Effect.fnUntraced(function* <E, R>(
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
        const claims = asked.id == null ? [] : [yield* ModelNames.claim(store, model_id)]
        const { routing } = asked.settings
        const connectorId = source._tag === "Reference" ? source.connectorId : undefined
        const routed = routing === undefined ? [] : yield* targets(routing, { id: model_id, connectorId })
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
          ...claims,
          ...routed,
        ])
        yield* warned(model_id, asked.settings.interface)
        return { task_id, model_id, model_group_id: groupId, model_version: version, groupIsNew }
      }),
      [
        asked.groupId === undefined ? `group name ${asked.name}` : `model-group ${asked.groupId}`,
        ...(source._tag === "Reference" ? [`connector ${source.connectorId}`] : []),
      ],
    ).pipe(
      Effect.catchReason("StoreError", "AlreadyExists", () => Effect.fail(ResourceId.alreadyExists("model", model_id))),
    )
  })
})

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

const noUse = (id: string) => `You don't have permission to use the connector provided, connector id: ${id}`
