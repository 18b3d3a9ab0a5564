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

/** The fields that Drawbar reads; the others go to the provider. */
const Body = Schema.Record(Schema.String, Schema.Unknown)

const call = <const Name extends string>(name: Name, path: string) =>
  HttpApiEndpoint.post(name, `${basePath}${path}`, { ...shared, payload: Body, success: Body })
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
  .add(call("chatCompletions", "/chat/completions"))
  .add(call("embeddings", "/embeddings"))
  .add(call("rerank", "/rerank"))
  .add(call("responses", "/responses")) {}
