/** Parses a `_register` body, or fails with the first error in it, in the order in which errors are reported. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import {
  type BlueprintError,
  BlueprintError as BlueprintRefusal,
  invalid,
  UnsafeText,
} from "@drawbar/blueprint-schema/BlueprintError"
import { findAction } from "@drawbar/blueprint-schema/Connector"
import * as SafeText from "@drawbar/json-text/SafeText"
import { Result } from "effect"
import type { AccessFields } from "../access/AccessControl.ts"
import type { ModelDocument } from "./ModelDocument.ts"
import * as ModelSettings from "./ModelSettings.ts"
import { InvalidState, RegistryError, type RegistryFailure } from "../RegistryError.ts"

/** A connector that stands by itself, or one that lives in the model. */
export type Source =
  | { readonly _tag: "Reference"; readonly connectorId: string }
  | { readonly _tag: "Inline"; readonly blueprint: Blueprint.Blueprint }

export interface ModelRegistration {
  readonly id: string | null | undefined
  readonly name: string
  readonly description: string | undefined
  readonly provisionedBy: string | undefined
  readonly groupId: string | undefined
  readonly access: AccessFields
  readonly source: Source
  readonly settings: ModelSettings.ModelSettings
}

export const check = (document: ModelDocument): Result.Result<ModelRegistration, RegistryFailure> =>
  Result.gen(function* () {
    const { name, description, provisioned_by, model_group_id } = document
    yield* lifted(checkFunction(document))
    if (name == null) return yield* lifted(Result.fail(invalid("/name", 'model name is null. Add "name" to the model')))
    if (document.function_name == null)
      return yield* lifted(
        Result.fail(
          invalid("/function_name", 'model format is null: function_name is missing. Add "function_name": "remote"'),
        ),
      )
    const settings = yield* ModelSettings.changed({}, document)
    yield* lifted(
      checkText([
        { label: "Model name", text: name, required: true },
        { label: "Model description", text: description ?? undefined },
        { label: "Model provisioned_by field", text: provisioned_by ?? undefined },
      ]),
    )
    return {
      id: document.model_id,
      name,
      description: description ?? undefined,
      provisionedBy: provisioned_by ?? undefined,
      groupId: model_group_id ?? undefined,
      access: document,
      source: yield* checkSource(document),
      settings,
    }
  })

export const checkText = (fields: ReadonlyArray<SafeText.Field>): Result.Result<void, BlueprintError> => {
  const problems = SafeText.problems(fields)
  return problems.length === 0
    ? Result.void
    : Result.fail(new BlueprintRefusal({ reason: new UnsafeText({ problems }) }))
}

/** A model has a connector of its own or refers to one. */
export const bothConnectors = RegistryError.from(
  new InvalidState({
    message:
      "Model cannot have both stand-alone connector and internal connector. Please check your update input body.",
  }),
)

const lifted = Result.mapError(({ reason }: BlueprintError) => RegistryError.from(reason))

/** What runs inside a cluster there, and has no place here. */
const localFunctions = new Set([
  "AD_LIBSVM",
  "AGENT",
  "ANOMALY_LOCALIZATION",
  "BATCH_RCF",
  "CONNECTOR",
  "FIT_RCF",
  "KMEANS",
  "LINEAR_REGRESSION",
  "LOCAL_SAMPLE_CALCULATOR",
  "LOGISTIC_REGRESSION",
  "METRICS_CORRELATION",
  "QUESTION_ANSWERING",
  "RCF_SUMMARIZE",
  "SAMPLE_ALGO",
  "SPARSE_ENCODING",
  "SPARSE_TOKENIZE",
  "TEXT_EMBEDDING",
  "TEXT_SIMILARITY",
  "TOOL",
])

const checkFunction = ({ function_name, model_format }: ModelDocument): Result.Result<void, BlueprintError> => {
  const name = function_name?.toUpperCase()
  if (name === "REMOTE") return Result.void
  if (name !== undefined && !localFunctions.has(name))
    return Result.fail(
      invalid(
        "/function_name",
        'Wrong function name at [/function_name]. Drawbar serves remote models: write "function_name": "remote"',
      ),
    )
  if (name === undefined && model_format == null) return Result.void
  return Result.fail(
    invalid(
      name === undefined ? "/model_format" : "/function_name",
      `${name === undefined ? `A model of format ${model_format}` : `The function ${name}`} runs inside a cluster; Drawbar serves remote models. ` +
        "Serve the model by HTTP, create a connector to it, and register it with function_name remote and that connector_id",
    ),
  )
}

const checkSource = ({ connector, connector_id }: ModelDocument): Result.Result<Source, RegistryFailure> =>
  Result.gen(function* () {
    if (connector_id != null && connector != null) return yield* Result.fail(bothConnectors)
    if (connector_id != null) return { _tag: "Reference" as const, connectorId: connector_id }
    if (connector == null) return yield* refused("", withoutConnector)
    const noEndpoint = refused(
      "/connector/actions",
      "Connector endpoint is required when creating a remote model without connector id! Add an action with action_type predict and a url at [/connector/actions], or send a connector_id",
    )
    if ((connector.actions ?? []).length === 0) return yield* noEndpoint
    const blueprint = yield* inlineBlueprint(Blueprint.check(connector, { inline: true }))
    return findAction(blueprint.connector, "PREDICT") === undefined
      ? yield* noEndpoint
      : { _tag: "Inline" as const, blueprint }
  })

const withoutConnector =
  'You must provide connector content when creating a remote model without connector id! Add "connector_id": "ID" of a connector (drawbar connector list; POST /_plugins/_ml/connectors/_create makes one), or a whole connector as "connector"'

const refused = (pointer: string, message: string) => lifted(Result.fail(invalid(pointer, message)))

/** A refusal of a connector in a model, by its place in the model. */
export const inlineBlueprint = Result.mapError(({ reason }: BlueprintError) =>
  RegistryError.from(
    reason._tag === "InvalidField" ? invalid(`/connector${reason.pointer}`, reason.message).reason : reason,
  ),
)
