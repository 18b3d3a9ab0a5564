/** A provider's answer as a chat completion of OpenAI's API. Source: https://platform.openai.com/docs/api-reference/chat/object */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { ConnectorError } from "../ConnectorError.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import { at, reading } from "../stream/StreamPiece.ts"
import type { CompiledDialect } from "./CompiledDialect.ts"
import type { Answer, Choice, Dialect, FinishReason, ToolCall, Usage } from "./Dialect.ts"
import * as Dialects from "./Dialects.ts"
import type { AnswerDefaults, OpenAiCall } from "./OpenAiCall.ts"

/** `sent` is the body of the request, for an estimate where the provider does not count. */
export const textOf = (
  compiled: CompiledDialect,
  { operation, defaults }: OpenAiCall,
  response: UpstreamResponse.UpstreamResponse,
  sent: string,
): Result.Result<string, ConnectorError> =>
  Result.flatMap(UpstreamResponse.spelled(response), ({ text, value }) => {
    if (operation !== "chat") return Result.succeed(text)
    const dialect = ofAnswer(compiled)
    const answer = dialect.answer(value, text)
    if (answer === undefined || answer.choices.length === 0)
      return Result.fail(UpstreamResponse.unusable(response, noAnswer(dialect)))
    if (dialect === Dialects.openAi && isWhole(value)) return Result.succeed(text)
    const usage = usageOf(dialect, answer.usage) ?? estimated(sent, answer)
    return Result.succeed(
      dialect === Dialects.openAi
        ? Json.stringify(repaired(text, defaults, usage))
        : JSON.stringify(completion(dialect, answer, defaults, usage)),
    )
  })

const noAnswer = ({ provider }: Dialect) =>
  `The response has no answer where ${provider} has it. Check the connector's url, or the model's openai.content`

/** What reads an answer: the section of the model, else the dialect of the URL. */
export const ofAnswer = ({ content, dialect = Dialects.openAi }: CompiledDialect): Dialect =>
  content === undefined
    ? dialect
    : {
        ...dialect,
        provider: "openai.content",
        answer: (value) => {
          const found = content.nodes(Object(value))
          if (Result.isFailure(found) || found.success.length === 0) return undefined
          const words = found.success.map((node) =>
            typeof node.value === "string" ? node.value : JSON.stringify(node.value),
          )
          return { choices: [{ content: words.join(""), toolCalls: [], finishReason: undefined }], usage: value }
        },
        usage: () => undefined,
      }

export const usageOf = (dialect: Dialect, value: unknown): Usage | undefined => {
  if (value === undefined || value === null) return undefined
  const own = dialect.usage(value)
  if (own !== undefined) return own
  const counted = TokenUsage.ofStream(JSON.stringify(value))
  return counted === undefined ? undefined : { prompt: counted.input, completion: counted.output }
}

const estimated = (sent: string, { choices }: Answer): Usage => {
  const bytes = choices.reduce((sum, { content }) => sum + Buffer.byteLength(content ?? ""), 0)
  const { input, output } = TokenUsage.estimate(Buffer.byteLength(sent), bytes)
  return { prompt: input, completion: output }
}

export const usageBlock = ({ prompt, completion, cached, reasoning }: Usage): Json.JsonObject => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
  ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
})

/** In OpenAI's words: a provider may say that it stopped where it wants a tool called. */
export const finishReason = (dialect: Dialect, reason: string | undefined, hasCalls: boolean): FinishReason => {
  const known =
    reason !== undefined && Object.hasOwn(dialect.finishReasons, reason) ? dialect.finishReasons[reason] : undefined
  return hasCalls && (known === undefined || known === "stop") ? "tool_calls" : (known ?? "stop")
}

const completion = (dialect: Dialect, answer: Answer, defaults: AnswerDefaults, usage: Usage): Json.JsonObject => ({
  id: answer.id ?? defaults.id,
  object: "chat.completion",
  created: defaults.created,
  model: answer.model ?? defaults.model,
  choices: answer.choices.map((choice, index) => choiceBlock(dialect, choice, index, defaults)),
  usage: usageBlock(usage),
})

const choiceBlock = (
  dialect: Dialect,
  { content, reasoning, toolCalls, finishReason: reason }: Choice,
  index: number,
  defaults: AnswerDefaults,
): Json.JsonObject => ({
  index,
  message: {
    role: "assistant",
    content,
    refusal: null,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(toolCalls.length === 0
      ? {}
      : { tool_calls: toolCalls.map((call, i) => callBlock(call, callId(defaults, index, i))) }),
  },
  logprobs: null,
  finish_reason: finishReason(dialect, reason, toolCalls.length > 0),
})

const callBlock = ({ id, name, arguments: text, extra }: ToolCall, otherwise: string): Json.JsonObject => ({
  id: id ?? otherwise,
  type: "function",
  function: { name, arguments: text },
  ...(extra === undefined ? {} : { extra_content: extra }),
})

/** Of a call to which the provider gives no id. */
export const callId = ({ id }: AnswerDefaults, choice: number, call: number): string =>
  `call_${id.replace(/^chatcmpl-/, "")}_${choice}_${call}`

/** Whether an answer in OpenAI's own API has all that its clients rely on. */
const isWhole = (value: unknown): boolean => {
  const has = (name: string, type: string) => typeof at(value, name) === type
  if (!has("id", "string") || !has("created", "number") || !has("model", "string")) return false
  if (at(value, "object") !== "chat.completion" || at(value, "usage", "prompt_tokens") === undefined) return false
  const choices = at(value, "choices")
  return Array.isArray(choices) && choices.every(isWholeChoice)
}

const isWholeChoice = (choice: unknown): boolean => {
  const message = at(choice, "message")
  const calls = at(message, "tool_calls")
  return (
    typeof at(choice, "finish_reason") === "string" &&
    (typeof at(message, "content") === "string" || at(message, "content") === null) &&
    (at(message, "reasoning") === undefined || at(message, "reasoning_content") !== undefined) &&
    (calls == null || (Array.isArray(calls) && calls.every(isWholeCall)))
  )
}

const isWholeCall = (call: unknown): boolean =>
  typeof at(call, "id") === "string" &&
  (at(call, "type") === "custom" ||
    (at(call, "type") === "function" && typeof at(call, "function", "arguments") === "string"))

/** The same answer with what it lacks; the rest keeps its digits. */
const repaired = (text: string, defaults: AnswerDefaults, usage: Usage): Json.JsonObject => {
  const value = Json.objectIn(text) ?? {}
  const choices = Array.isArray(value["choices"]) ? value["choices"] : []
  return {
    ...value,
    id: typeof value["id"] === "string" ? value["id"] : defaults.id,
    object: "chat.completion",
    created: typeof value["created"] === "number" ? value["created"] : defaults.created,
    model: typeof value["model"] === "string" ? value["model"] : defaults.model,
    choices: choices.map((choice, index) => (Json.isObject(choice) ? repairedChoice(choice, index, defaults) : choice)),
    usage:
      Json.isObject(value["usage"]) && value["usage"]["prompt_tokens"] !== undefined
        ? value["usage"]
        : usageBlock(usage),
  }
}

const repairedChoice = (choice: Json.JsonObject, index: number, defaults: AnswerDefaults): Json.JsonObject => {
  const message = Json.isObject(choice["message"]) ? choice["message"] : {}
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(Json.isObject) : []
  const said = wordsIn(message["content"])
  const reasoning = message["reasoning_content"] ?? message["reasoning"] ?? said.reasoning
  return {
    ...choice,
    index: typeof choice["index"] === "number" ? choice["index"] : index,
    message: {
      role: "assistant",
      ...message,
      content: said.content,
      ...(reasoning == null ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0
        ? {}
        : { tool_calls: calls.map((call, i) => repairedCall(call, callId(defaults, index, i))) }),
    },
    finish_reason:
      typeof choice["finish_reason"] === "string" ? choice["finish_reason"] : calls.length > 0 ? "tool_calls" : "stop",
  }
}

/** A content may be a list of parts, some of which are what the model thinks. */
const wordsIn = (content: Json.Json | undefined): { readonly content: string | null; readonly reasoning?: string } => {
  if (!Array.isArray(content)) return { content: typeof content === "string" ? content : null }
  const { content: words = "", reasoning } = reading({ content })
  return { content: words, ...(reasoning === undefined ? {} : { reasoning }) }
}

const repairedCall = (call: Json.JsonObject, otherwise: string): Json.JsonObject => {
  if (call["type"] === "custom") return call
  const fn = Json.isObject(call["function"]) ? call["function"] : {}
  const given = fn["arguments"]
  return {
    ...call,
    id: typeof call["id"] === "string" ? call["id"] : otherwise,
    type: "function",
    function: { ...fn, arguments: typeof given === "string" ? given : Json.stringify(given ?? {}) },
  }
}
