/** One operation of a connector: a request to its upstream, and the processing before and after it. */
import { Schema } from "effect"

export const types = ["PREDICT", "EXECUTE", "BATCH_PREDICT", "CANCEL_BATCH_PREDICT", "BATCH_PREDICT_STATUS"] as const
export const ActionType = Schema.Literals(types)
export type ActionType = typeof ActionType.Type

export const methods = ["POST", "GET", "PUT", "DELETE"] as const
export const Method = Schema.Literals(methods)
export type Method = typeof Method.Type

/** An action as it is stored and returned; the order of fields is the order on the wire. */
export const ConnectorAction = Schema.Struct({
  action_type: ActionType,
  method: Method,
  url: Schema.String,
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  request_body: Schema.optionalKey(Schema.String),
  pre_process_function: Schema.optionalKey(Schema.String),
  post_process_function: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String),
  supports_structured_output: Schema.optionalKey(Schema.Literal(true)),
})
export type ConnectorAction = typeof ConnectorAction.Type
