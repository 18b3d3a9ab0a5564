/** What the reference says of OpenAI's API, beside its contracts. */
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { OpenAiApi } from "./OpenAiApi.ts"

const api = HttpApi.make("openai").add(OpenAiApi)

export const name = "openai"
export const document = () => OpenApi.fromApi(api)
export const permissions = () => EndpointPolicy.permissionsOf(api)
export const description =
  "OpenAI's API: an application changes its base URL and reaches every model, whatever API its provider has. Errors are OpenAI's."

export const parameters = {
  model: "An alias, the id of a model, or the name of exactly one",
} as const

export const texts = {
  models: { summary: "List the models that may be called", description: "Aliases and deployed models." },
  model: { summary: "Show a model that may be called", description: "An id may hold `/`." },
  chatCompletions: {
    summary: "Answer a conversation",
    description:
      "With `stream` as events, whose last is `[DONE]`. A field that the provider cannot be told is refused by name, or listed in `x-drawbar-dropped` where the model drops such fields.",
  },
  embeddings: { summary: "Embed texts", description: "Any embedding model; with `base64` as 32-bit floats." },
  rerank: { summary: "Rank documents", description: "Any reranker, in the shape of Cohere's v2." },
  responses: {
    summary: "Pass a response through",
    description: "For connectors whose URL ends in `/responses`, whole and streamed; 400 for all others.",
  },
} as const

const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }
const created = 1_764_288_000
const model = { id: "chat", object: "model", created, owned_by: "drawbar" }

export const examples = {
  models: { response: { object: "list", data: [model] } },
  model: { response: model },
  chatCompletions: {
    request: { model: "chat", messages: [{ role: "user", content: "Hello!" }], max_tokens: 100 },
    response: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created,
      model: "gpt-4o-mini",
      choices: [{ index: 0, message: { role: "assistant", content: "Hi!" }, finish_reason: "stop" }],
      usage,
    },
  },
  embeddings: {
    request: { model: "embed", input: ["Hello!"], encoding_format: "float" },
    response: {
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }],
      model: "embed",
      usage: { prompt_tokens: 2, total_tokens: 2 },
    },
  },
  rerank: {
    request: { model: "rank", query: "bees", documents: ["About bees", "About cars"], top_n: 1 },
    response: { id: "1", results: [{ index: 0, relevance_score: 0.98 }] },
  },
  responses: {
    request: { model: "chat", input: "Hello!" },
    response: { id: "resp_1", object: "response", output: [] },
  },
} as const

export const statuses = [400, 401, 403, 404, 429, 500, 502, 503, 504] as const

const text = { type: "string" } as const
const maybeText = { type: ["string", "null"] } as const

export const failure = {
  schema: {
    type: "object",
    properties: {
      error: {
        type: "object",
        properties: { message: text, type: text, param: maybeText, code: maybeText },
        required: ["message", "type", "param", "code"],
      },
    },
    required: ["error"],
  },
  example: (message: string) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
}
