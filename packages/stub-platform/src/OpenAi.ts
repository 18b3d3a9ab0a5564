import * as Answer from "./Answer.ts"
import * as StubEmbedding from "./StubEmbedding.ts"
import * as Received from "./Received.ts"

export interface Options {
  /** The accepted key; if absent, any bearer token is accepted. */
  readonly apiKey?: string
}

type Body = Readonly<Record<string, unknown>>

/** https://platform.openai.com/docs/guides/error-codes */
const refuse = (status: number, message: string, code: string | null = null) =>
  Answer.json({ error: { message, type: "invalid_request_error", param: null, code } }, status, requestId)

const requestId = { "x-request-id": "req_stub" }
const created = 1_700_000_000

const usage = (prompt: ReadonlyArray<string>, completion: ReadonlyArray<string>) => ({
  prompt_tokens: StubEmbedding.tokens(prompt),
  completion_tokens: StubEmbedding.tokens(completion),
  total_tokens: StubEmbedding.tokens([...prompt, ...completion]),
})

const contents = (messages: unknown): ReadonlyArray<string> =>
  (Array.isArray(messages) ? messages : []).map((message: unknown) =>
    typeof message === "object" && message !== null && "content" in message ? String(message.content) : "",
  )

/** https://platform.openai.com/docs/api-reference/chat/object */
const chatCompletion = ({ model, messages }: Body) => {
  const prompts = contents(messages)
  const content = `You said: ${prompts.at(-1) ?? ""}`
  return {
    id: "chatcmpl-stub",
    object: "chat.completion",
    created,
    model,
    choices: [
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage: usage(prompts, [content]),
    system_fingerprint: null,
  }
}

/** The same, word by word: https://platform.openai.com/docs/api-reference/chat/streaming */
function* chatChunks(body: Body): Generator<string> {
  const { id, model, choices, usage: total } = chatCompletion(body)
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  yield chunk({ role: "assistant", content: "" })
  for (const word of choices[0]?.message.content.split(/(?<= )/) ?? []) yield chunk({ content: word })
  yield chunk({}, "stop")
  if (wantsUsage(body))
    yield `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, choices: [], usage: total })}\n\n`
  yield "data: [DONE]\n\n"
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options */
const wantsUsage = ({ stream_options }: Body): boolean =>
  typeof stream_options === "object" &&
  stream_options !== null &&
  "include_usage" in stream_options &&
  stream_options.include_usage === true

/** https://platform.openai.com/docs/api-reference/completions/object */
const completion = ({ model, prompt }: Body) => {
  const prompts = StubEmbedding.texts(prompt)
  const choices = prompts.map((text) => `You said: ${text}`)
  return {
    id: "cmpl-stub",
    object: "text_completion",
    created,
    model,
    choices: choices.map((text, index) => ({ text, index, logprobs: null, finish_reason: "stop" })),
    usage: usage(prompts, choices),
  }
}

/** https://platform.openai.com/docs/api-reference/embeddings/object */
const embeddings = ({ model, input, dimensions }: Body) => {
  const inputs = StubEmbedding.texts(input)
  const size = typeof dimensions === "number" ? dimensions : undefined
  const { prompt_tokens, total_tokens } = usage(inputs, [])
  return {
    object: "list",
    data: inputs.map((text, index) => ({ object: "embedding", index, embedding: StubEmbedding.of(text, size) })),
    model,
    usage: { prompt_tokens, total_tokens },
  }
}

const endpoints = new Map<string, (body: Body) => object>([
  ["/v1/chat/completions", chatCompletion],
  ["/v1/completions", completion],
  ["/v1/embeddings", embeddings],
])

/** Responds like api.openai.com, in the documented formats; a completion repeats its prompt. */
export const handler =
  ({ apiKey }: Options = {}): Answer.Handler =>
  (received) => {
    const bearer = /^Bearer (.+)$/.exec(Received.header(received, "authorization") ?? "")?.[1]
    if (bearer === undefined) return refuse(401, "You didn't provide an API key.")
    if (apiKey !== undefined && bearer !== apiKey) return refuse(401, "Incorrect API key provided.", "invalid_api_key")
    const endpoint = endpoints.get(Received.path(received))
    if (endpoint === undefined) return refuse(404, `Invalid URL (${received.method} ${Received.path(received)})`)
    if (received.method !== "POST") return refuse(405, `Not allowed to ${received.method} on this endpoint.`)
    const body = Received.fields(received)
    if (body === undefined) return refuse(400, "We could not parse the JSON body of your request.")
    return body["stream"] === true && endpoint === chatCompletion
      ? Answer.stream("text/event-stream", chatChunks(body))
      : Answer.json(endpoint(body), 200, requestId)
  }
