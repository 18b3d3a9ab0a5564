/** OpenAI's API, as far as Drawbar serves it. Source: https://platform.openai.com/docs/api-reference */
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"

/** Where it is mounted. */
export const basePath = "/v1"

const ErrorEnvelope = Schema.Struct({
  error: Schema.Struct({
    message: Schema.String,
    type: Schema.String,
    param: Schema.NullOr(Schema.String),
    code: Schema.NullOr(Schema.String),
  }),
})

const shared = { disableCodecs: true, error: ErrorEnvelope } as const

const Model = Schema.Struct({
  id: Schema.String,
  object: Schema.Literal("model"),
  /** Of a model of Drawbar, which can be called by its name where no other has it. */
  name: Schema.optionalKey(Schema.String),
  /** In seconds since 1970. */
  created: Schema.Number,
  owned_by: Schema.String,
})
export type Model = typeof Model.Type

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
/** With the further fields that providers have. */
const open = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [Schema.Record(Schema.String, Schema.Unknown)])
const Usage = open({ prompt_tokens: Schema.Finite, total_tokens: Schema.Finite })

// For the reference: handlers read the text of a body, whose numbers keep their digits.
const bodies = {
  chatCompletions: {
    payload: open({
      model: Schema.String,
      messages: Schema.Array(open({ role: Schema.String, content: Schema.Unknown })),
      max_tokens: maybe(Schema.Finite),
      max_completion_tokens: maybe(Schema.Finite),
      n: maybe(Schema.Finite),
      reasoning_effort: maybe(Schema.String),
      response_format: maybe(open({ type: Schema.String })),
      stop: maybe(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
      stream: maybe(Schema.Boolean),
      stream_options: maybe(open({ include_usage: maybe(Schema.Boolean) })),
      temperature: maybe(Schema.Finite),
      tool_choice: maybe(Schema.Unknown),
      tools: maybe(Schema.Array(open({ type: Schema.String }))),
      top_p: maybe(Schema.Finite),
    }),
    success: open({
      id: Schema.String,
      object: Schema.String,
      created: Schema.Finite,
      model: Schema.String,
      choices: Schema.Array(
        open({
          index: Schema.Finite,
          message: open({ role: Schema.String, content: Schema.NullOr(Schema.String) }),
          finish_reason: Schema.NullOr(Schema.String),
        }),
      ),
      usage: Usage,
    }),
  },
  embeddings: {
    payload: Schema.Struct({
      model: Schema.String,
      input: Schema.Union([Schema.String, Schema.Array(Schema.String)]),
      encoding_format: maybe(Schema.Literals(["float", "base64"])),
      dimensions: maybe(Schema.Finite),
      user: maybe(Schema.String),
    }),
    success: Schema.Struct({
      object: Schema.Literal("list"),
      data: Schema.Array(
        Schema.Struct({
          object: Schema.Literal("embedding"),
          index: Schema.Finite,
          /** In base64 the bytes of 32-bit floats, the lowest first. */
          embedding: Schema.Union([Schema.Array(Schema.Finite), Schema.String]),
        }),
      ),
      model: Schema.String,
      usage: Usage,
    }),
  },
  rerank: {
    payload: Schema.Struct({
      model: Schema.String,
      query: Schema.String,
      documents: Schema.Array(Schema.Union([Schema.String, Schema.Struct({ text: Schema.String })])),
      top_n: maybe(Schema.Finite),
      return_documents: maybe(Schema.Boolean),
    }),
    success: Schema.Struct({
      id: Schema.String,
      results: Schema.Array(Schema.Struct({ index: Schema.Finite, relevance_score: Schema.Finite })),
    }),
  },
  responses: {
    payload: open({ model: Schema.String, input: Schema.Unknown, stream: maybe(Schema.Boolean) }),
    success: Schema.Record(Schema.String, Schema.Unknown),
  },
}

const call = <const Name extends string, Payload extends Schema.Top, Success extends Schema.Top>(
  name: Name,
  path: string,
  body: { readonly payload: Payload; readonly success: Success },
) =>
  HttpApiEndpoint.post(name, `${basePath}${path}`, { ...shared, ...body })
    .annotateMerge(EndpointPolicy.predict)
    .annotate(RequestBody.AsText, true)
    .annotate(RequestBody.Required, "The request needs a JSON body")

// A list of models is read by those who may call them.
const listing = EndpointPolicy.callable

export class OpenAiApi extends HttpApiGroup.make("openai")
  .add(
    HttpApiEndpoint.get("models", `${basePath}/models`, {
      ...shared,
      success: Schema.Struct({ object: Schema.Literal("list"), data: Schema.Array(Model) }),
    }).annotateMerge(listing),
  )
  .add(
    HttpApiEndpoint.get("model", `${basePath}/models/:model*`, {
      ...shared,
      params: { model: Schema.String },
      success: Model,
    }).annotateMerge(listing),
  )
  .add(call("chatCompletions", "/chat/completions", bodies.chatCompletions))
  .add(call("embeddings", "/embeddings", bodies.embeddings))
  .add(call("rerank", "/rerank", bodies.rerank))
  .add(call("responses", "/responses", bodies.responses)) {}
