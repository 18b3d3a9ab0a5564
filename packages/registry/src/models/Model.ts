/** A model as it is remembered and shown; the order of the fields is the order on the wire. */
import { Connector } from "@drawbar/blueprint-schema/Connector"
import { decode } from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Schema } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import { BatchInferenceConfig } from "./BatchInferenceConfig.ts"
import { inOrder } from "../internal/FieldOrder.ts"
import { OpenAiSection } from "@drawbar/blueprint-schema/OpenAiSection"
import { ModelConfig } from "./ModelConfig.ts"
import { ModelGuardrails } from "./ModelGuardrails.ts"
import { ModelInterface } from "./ModelInterface.ts"
import * as NumberField from "../records/NumberField.ts"
import { ModelRouting } from "./ModelRouting.ts"
import { RateLimit } from "./RateLimit.ts"

const Time = Schema.optionalKey(NumberField.Time)

export const DeploySetting = Schema.Struct({
  is_auto_deploy_enabled: Schema.optionalKey(Schema.Boolean),
  /** -1: for ever. */
  model_ttl_minutes: Schema.optionalKey(NumberField.Int32),
})

export const Model = Schema.Struct({
  name: Schema.String,
  model_group_id: Schema.String,
  algorithm: Schema.Literal("REMOTE"),
  model_version: Schema.String,
  description: Schema.optionalKey(Schema.String),
  model_state: Schema.Literals(["REGISTERED", "DEPLOYED", "UNDEPLOYED"]),
  model_config: Schema.optionalKey(ModelConfig),
  deploy_setting: Schema.optionalKey(DeploySetting),
  is_enabled: Schema.optionalKey(Schema.Boolean),
  is_controller_enabled: Schema.optionalKey(Schema.Boolean),
  rate_limiter: Schema.optionalKey(RateLimit),
  batch_inference_config: Schema.optionalKey(BatchInferenceConfig),
  created_time: NumberField.Time,
  last_updated_time: NumberField.Time,
  last_deployed_time: Time,
  last_undeployed_time: Time,
  auto_redeploy_retry_times: Schema.optionalKey(NumberField.Int32),
  planning_worker_node_count: Schema.optionalKey(NumberField.Int32),
  current_worker_node_count: Schema.optionalKey(NumberField.Int32),
  planning_worker_nodes: Schema.optionalKey(Schema.Array(Schema.String)),
  deploy_to_all_nodes: Schema.optionalKey(Schema.Literal(true)),
  is_hidden: Schema.Literal(false),
  connector: Schema.optionalKey(Connector),
  connector_id: Schema.optionalKey(Schema.String),
  guardrails: Schema.optionalKey(ModelGuardrails),
  interface: Schema.optionalKey(ModelInterface),
  openai: Schema.optionalKey(OpenAiSection),
  routing: Schema.optionalKey(ModelRouting),
  provisioned_by: Schema.optionalKey(Schema.String),
  /** Whose the model and its secrets are, wherever it moves; absent in models stored by earlier versions: their group's owner is theirs. */
  owned_by: AccessControl.fields.owner,
  /** Who named the models that judge: they are called only as long as they are open to that principal. */
  guarded_by: AccessControl.fields.owner,
})
export type Model = typeof Model.Type

export const read = decode(Model)

export const sourceOf = (model: Model): JsonObject => inOrder(Model.fields, model)

/** A remote model is deployed by saying so: there is nothing to load, and no state between. */
export const deployed = (model: Model, nodeId: string, now: number): Model => ({
  ...model,
  model_state: "DEPLOYED",
  last_updated_time: now,
  last_deployed_time: now,
  auto_redeploy_retry_times: 0,
  planning_worker_node_count: 1,
  current_worker_node_count: 1,
  planning_worker_nodes: [nodeId],
  deploy_to_all_nodes: true,
})

export const undeployed = ({ deploy_to_all_nodes: _, ...model }: Model, now: number): Model => ({
  ...model,
  model_state: "UNDEPLOYED",
  last_updated_time: now,
  last_undeployed_time: now,
  planning_worker_node_count: 0,
  current_worker_node_count: 0,
  planning_worker_nodes: [],
})
