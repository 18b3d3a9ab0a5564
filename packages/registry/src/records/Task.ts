/** What was done, or is being done, and how it went; the order of fields is the order on the wire. */
import { Schema } from "effect"
import * as JsonField from "./JsonField.ts"
import * as NumberField from "./NumberField.ts"

const states = [
  "CREATED",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
  "COMPLETED_WITH_ERROR",
  "CANCELLING",
  "EXPIRED",
  "UNREACHABLE",
] as const

const types = ["REGISTER_MODEL", "DEPLOY_MODEL", "BATCH_PREDICTION"] as const

/** Where a registered model came to stand: its group, which was joined or made for it, and its version there. */
const Placement = Schema.Struct({
  model_group_id: Schema.String,
  model_version: Schema.String,
  model_group_created: Schema.Boolean,
})

export const Task = Schema.Struct({
  model_id: Schema.optionalKey(Schema.String),
  task_type: Schema.Literals(types),
  function_name: Schema.optionalKey(Schema.String),
  state: Schema.Literals(states),
  input_type: Schema.optionalKey(Schema.String),
  progress: Schema.optionalKey(NumberField.Progress),
  worker_node: Schema.optionalKey(Schema.Array(Schema.String)),
  create_time: NumberField.Time,
  last_update_time: NumberField.Time,
  error: Schema.optionalKey(Schema.String),
  is_async: Schema.Boolean,
  /** What the platform said of a batch job, as it said it. */
  remote_job: Schema.optionalKey(JsonField.AnyObject),
  response: Schema.optionalKey(JsonField.AnyObject),
  /** No field of ML Commons: it is shown only to those who ask for it. */
  placement: Schema.optionalKey(Placement),
})
export type Task = typeof Task.Type

/** A task as its maker knows it; the store adds the times. */
export type Draft = Omit<Task, "create_time" | "last_update_time">
