/** Versions of one model under one name: what is sent, and what is remembered. */
import { Schema } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import * as NumberField from "../records/NumberField.ts"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** A group, whole or in part, as it is sent. */
export const ModelGroupDocument = Schema.Struct({
  model_group_id: maybe(Schema.String),
  name: maybe(Schema.String),
  description: maybe(Schema.String),
  access_mode: maybe(Schema.String),
  backend_roles: maybe(Schema.Array(Schema.String)),
  add_all_backend_roles: maybe(Schema.Boolean),
})
export type ModelGroupDocument = typeof ModelGroupDocument.Type

/** The order of the fields is the order on the wire. */
export const ModelGroup = Schema.Struct({
  name: Schema.String,
  /** The version of the model that joined last; 0 where none has. */
  latest_version: NumberField.Count,
  description: Schema.optionalKey(Schema.String),
  ...AccessControl.fields,
  created_time: NumberField.Time,
  last_updated_time: NumberField.Time,
})
export type ModelGroup = typeof ModelGroup.Type
