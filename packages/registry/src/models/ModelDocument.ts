/** A model as it is sent, whole to `_register` or in part to `PUT`. Unknown fields are ignored. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { decode } from "@drawbar/json-text/Decode"
import { Schema } from "effect"
import * as JsonField from "../records/JsonField.ts"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const Text = maybe(Schema.String)
const Flag = maybe(Schema.Boolean)
const Fields = maybe(JsonField.AnyObject)

export const ModelDocument = Schema.Struct({
  model_id: Text,
  name: Text,
  function_name: Text,
  model_format: Text,
  model_group_id: Text,
  description: Text,
  connector_id: Text,
  connector: maybe(Blueprint.Document),
  is_enabled: Flag,
  rate_limiter: Fields,
  batch_inference_config: Fields,
  dynamic_batching: Schema.optionalKey(Schema.Unknown),
  model_config: Fields,
  deploy_setting: Fields,
  guardrails: Fields,
  interface: Fields,
  openai: Fields,
  routing: Fields,
  access_mode: Text,
  backend_roles: maybe(Schema.Array(Schema.String)),
  add_all_backend_roles: Flag,
  model_node_ids: maybe(Schema.Array(Schema.String)),
  provisioned_by: Text,
})
export type ModelDocument = typeof ModelDocument.Type

/** Reads a body; fails with the place of what is of the wrong type. */
export const read = decode(ModelDocument)
