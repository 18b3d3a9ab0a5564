/** What every write of a model record shares. */
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import type { Json } from "@drawbar/json-text/Json"
import { Effect, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import { type Document, shown, type Write } from "@drawbar/document-store/Document"
import * as Model from "./Model.ts"
import * as ModelDocument from "./ModelDocument.ts"
import type { ModelGuardrails } from "./ModelGuardrails.ts"
import * as ModelInterface from "./ModelInterface.ts"
import { RegistryError } from "../RegistryError.ts"
import type { Draft } from "../records/Task.ts"

export const collection = "model"

export const replaced = ({ id, version, sealed }: Document, model: Model.Model, now = sealed): Write => ({
  _tag: "Replace",
  collection,
  id,
  source: Model.sourceOf(model),
  sealed: now,
  ifVersion: version,
})

export const taskOf = (task_type: Draft["task_type"], model_id: string, nodeId: string): Draft => ({
  model_id,
  task_type,
  function_name: "REMOTE",
  state: "COMPLETED",
  worker_node: [nodeId],
  is_async: false,
})

/** Who named the models that judge, where there are any. */
export const guardedBy = (
  guardrails: ModelGuardrails | undefined,
  named: AccessControl.Access["owner"],
): Pick<Model.Model, "guarded_by"> => (guardrails?.type !== "model" || named === undefined ? {} : { guarded_by: named })

/** A model stored without an owner takes its group's. */
export const ownerOf = (model: Model.Model, group: AccessControl.Access) => model.owned_by ?? group.owner

export const shownOf = (document: Document): Document => ({ ...document, source: shown(collection, document.source) })

export const readBody = (body: Json) =>
  Result.mapError(ModelDocument.read(body), ({ reason }) => RegistryError.from(reason))

export const lifted = <A>(checked: Result.Result<A, BlueprintError>) =>
  Effect.fromResult(Result.mapError(checked, ({ reason }) => RegistryError.from(reason)))

/** Names in a schema are the author's, and stay out of the log. */
export const warned = (id: string, given: ModelInterface.ModelInterface | undefined) => {
  const { length } = given === undefined ? [] : ModelInterface.warnings(given)
  return length === 0
    ? Effect.void
    : Effect.logWarning(
        `Model ${id}: ${length} ${length === 1 ? "part" : "parts"} of its interface ${length === 1 ? "is" : "are"} no schema, and nothing is checked there`,
      )
}
