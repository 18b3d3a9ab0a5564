/** Asking a model, and seeing the request that it would send. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { stages } from "@drawbar/connector-runtime/call/ConnectorTestStage"
import { failures } from "../errors/ErrorEnvelope.ts"
import { maybe, Source } from "../records/Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const shared = { disableCodecs: true, error: failures } as const
const params = { model_id: Schema.String }

/** Every form of input: the caller's own parameters, or one of the typed inputs that a pre-process function reads. */
export const PredictDocument = Schema.Struct({
  parameters: maybe(Source),
  action_type: maybe(Schema.String),
  text_docs: maybe(Schema.Array(Schema.NullOr(Schema.String))),
  return_number: maybe(Schema.Boolean),
  return_bytes: maybe(Schema.Boolean),
  target_response: maybe(Schema.Array(Schema.String)),
  target_response_positions: maybe(Schema.Array(Schema.Number)),
  result_filter: maybe(Source),
  query_text: maybe(Schema.String),
  question: maybe(Schema.String),
  context: maybe(Schema.String),
})

export const Tensor = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  data_type: Schema.optionalKey(Schema.String),
  shape: Schema.optionalKey(Schema.Array(Schema.Number)),
  data: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  byte_buffer: Schema.optionalKey(Source),
  result: Schema.optionalKey(Schema.String),
  dataAsMap: Schema.optionalKey(Source),
})

export const PredictAnswer = Schema.Struct({
  inference_results: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        output: Schema.optionalKey(Schema.Array(Tensor)),
        status_code: Schema.optionalKey(Schema.Number),
      }),
    ),
  ),
})

/** The request that a platform would get; secrets are masked. */
export const RenderedRequest = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  body: Schema.optionalKey(Schema.String),
})

/** The first request of an input; `requests` are those of all its calls, where it makes several. */
export const RenderedRequests = Schema.Struct({
  ...RenderedRequest.fields,
  requests: Schema.optionalKey(Schema.Array(RenderedRequest)),
  /** Of a model with a routing: which target the next call is given to, and which ones follow where it fails. */
  routing: Schema.optionalKey(
    Schema.Struct({
      policy: Schema.String,
      target: Schema.String,
      order: Schema.Array(Schema.Struct({ target: Schema.String, resting: Schema.Boolean })),
    }),
  ),
})

/**
 * Server-sent events. The data of each is JSON: `{"inference_results":[{"output":[{"name":"response","dataAsMap":{"content":"Hel",
 * "is_last":false}}]}]}`, and of a failure after the first `{"error":"…","status":502,"type":"…"}`.
 */
export const EventText = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" }))

/** A call that was made, stage by stage up to the last that was reached; the last one says what stopped it. */
export const TrialReport = Schema.Struct({
  ok: Schema.Boolean,
  /** Whether the input was made up, because none was sent. */
  sampled: Schema.Boolean,
  stages: Schema.Array(
    Schema.Struct({
      stage: Schema.Literals(stages),
      ok: Schema.Boolean,
      /** Since the beginning. */
      millis: Schema.Number,
      error: Schema.optionalKey(Schema.String),
      request: Schema.optionalKey(RenderedRequest),
      addresses: Schema.optionalKey(Schema.Array(Schema.String)),
      address: Schema.optionalKey(Schema.String),
      port: Schema.optionalKey(Schema.Number),
      protocol: Schema.optionalKey(Schema.String),
      certificate: Schema.optionalKey(
        Schema.Struct({ subject: Schema.String, issuer: Schema.String, valid_to: Schema.String }),
      ),
      status: Schema.optionalKey(Schema.Number),
      bytes: Schema.optionalKey(Schema.Number),
      output: Schema.optionalKey(Schema.Array(Tensor)),
    }),
  ),
})

/** `timeout`, such as `30s`: how long the whole call may take, to the last event where it is a stream. */
const query = { timeout: Schema.optionalKey(Schema.String) }

/** `algorithm`: which kind of input the body is; read from its fields where absent. */
const withAlgorithm = { ...query, algorithm: Schema.optionalKey(Schema.String) }

/** `stream=true`: the request of `_predict/stream` in place of that of `_predict`. */
const renderQuery = {
  algorithm: withAlgorithm.algorithm,
  stream: Schema.optionalKey(Schema.Literals(["true", "false"])),
}

const predict = { ...shared, query, payload: PredictDocument, success: PredictAnswer } as const

export class PredictionsApi extends HttpApiGroup.make("predictions")
  .add(
    HttpApiEndpoint.post("predict", `${basePath}/models/:model_id/_predict`, {
      ...predict,
      params,
      query: withAlgorithm,
    })
      .annotateMerge(EndpointPolicy.predict)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.post("predictAs", `${basePath}/_predict/:algorithm/:model_id`, {
      ...predict,
      params: { algorithm: Schema.String, model_id: Schema.String },
    })
      .annotateMerge(EndpointPolicy.predict)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.post("predictStream", `${basePath}/models/:model_id/_predict/stream`, {
      ...shared,
      params,
      query: withAlgorithm,
      payload: PredictDocument,
      success: EventText,
    })
      .annotateMerge(EndpointPolicy.predict)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.post("render", `${basePath}/models/:model_id/_render`, {
      ...shared,
      params,
      query: renderQuery,
      payload: PredictDocument,
      success: RenderedRequests,
    })
      .annotateMerge(EndpointPolicy.dryRun)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.post("test", `${basePath}/connectors/:connector_id/_test`, {
      ...shared,
      params: { connector_id: Schema.String },
      payload: PredictDocument,
      success: TrialReport,
    })
      .annotateMerge(EndpointPolicy.test)
      .annotate(RequestBody.AsText, true),
  )
  .add(
    HttpApiEndpoint.post("renderBlueprint", `${basePath}/connectors/_render`, {
      ...shared,
      query: renderQuery,
      payload: Schema.Struct({
        blueprint: Blueprint.Document,
        /** As in the path of a typed predict; told from the fields of the input if absent. */
        algorithm: Schema.optionalKey(Schema.String),
        input: Schema.optionalKey(PredictDocument),
      }),
      success: RenderedRequests,
    })
      .annotateMerge(EndpointPolicy.dryRun)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "request body is required"),
  ) {}
