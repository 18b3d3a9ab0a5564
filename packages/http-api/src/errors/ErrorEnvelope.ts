/** What every refusal looks like on the wire. Source: OpenSearch's REST error format. */
import { Schema } from "effect"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

/**
 * What the platform said when it refused a call; `body` is cut. Of a failure inside a success `status` is the one that it stands for, and
 * `type` the platform's own name for it.
 */
const Remote = Schema.Struct({
  status: Schema.Number,
  type: Schema.optionalKey(Schema.String),
  request_id: Schema.optionalKey(Schema.String),
  body: Schema.String,
})

/** What could not be rendered: the stage, and the parameters that were at fault. */
export const Rendering = Schema.Struct({
  stage: Schema.Literals(["parameters", "url", "headers", "body"]),
  parameters: Schema.Array(Schema.String),
})

const Cause = {
  type: Schema.String,
  reason: Schema.String,
  /** Where in the body, both from 1. */
  line: Schema.optionalKey(Schema.Number),
  col: Schema.optionalKey(Schema.Number),
}

export const ErrorEnvelope = Schema.Struct({
  error: Schema.Union([
    Schema.String,
    Schema.Struct({
      root_cause: Schema.Array(Schema.Struct(Cause)),
      ...Cause,
      remote: Schema.optionalKey(Remote),
      rendering: Schema.optionalKey(Rendering),
    }),
  ]),
  status: Schema.optionalKey(Schema.Number),
}).annotate({ identifier: "ErrorEnvelope" })
export type ErrorEnvelope = typeof ErrorEnvelope.Type

/** The statuses a client should expect of any endpoint; a predict may pass on any other status of its platform. */
const statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 501, 502, 503, 504] as const

/** The `error` of every contract. */
export const failures = statuses.map((status) => ErrorEnvelope.pipe(HttpApiSchema.status(status)))
