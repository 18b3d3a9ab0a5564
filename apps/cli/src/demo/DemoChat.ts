/** Chat completions without a language model: the answer repeats the question, so that the same request has the same answer. */
import * as Json from "@drawbar/json-text/Json"
import { DemoFault } from "./DemoFault.ts"

export const model = "demo-chat"

export interface Completion {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly message: {
    readonly role: "assistant"
    readonly content: string | null
    readonly tool_calls?: ReadonlyArray<ToolCall>
  }
  readonly finish_reason: "stop" | "length" | "tool_calls"
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

interface ToolCall {
  readonly id: string
  readonly type: "function"
  readonly function: { readonly name: string; readonly arguments: string }
}

/** The response to a request of OpenAI's chat API: a tool call where tools are offered and none has run yet, else a text. */
export const complete = (body: Json.JsonObject): Completion => {
  const messages = messagesOf(body)
  const last = messages.at(-1) ?? {}
  const question = textOf(
    (last["role"] === "tool" ? last : (messages.findLast(({ role }) => role === "user") ?? last))["content"],
  )
  const tool = last["role"] === "tool" || body["tool_choice"] === "none" ? undefined : toolOf(body)
  // No clock and no random number, so that the same request has the same response.
  const shared = { id: `chatcmpl-demo-${messages.length}`, created: 0, model: String(body["model"] ?? model) }
  const prompt = messages.reduce((sum, { content }) => sum + words(textOf(content)).length, 0)
  if (tool !== undefined) {
    const call = JSON.stringify(sampleOf(tool["parameters"], question))
    return {
      ...shared,
      message: {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "call_demo_1", type: "function", function: { name: String(tool["name"]), arguments: call } },
        ],
      },
      finish_reason: "tool_calls",
      usage: usageOf(prompt, words(call).length),
    }
  }
  const whole = words(answerTo(body, last, question))
  const limit = Number(body["max_completion_tokens"] ?? body["max_tokens"] ?? whole.length)
  const content = whole.slice(0, Math.max(1, limit)).join("")
  return {
    ...shared,
    message: { role: "assistant", content },
    finish_reason: limit < whole.length ? "length" : "stop",
    usage: usageOf(prompt, words(content).length),
  }
}

const answerTo = (body: Json.JsonObject, last: Json.JsonObject, question: string): string => {
  const format = Object(body["response_format"])
  if (format.type === "json_schema") return JSON.stringify(sampleOf(Object(format.json_schema).schema, question))
  if (format.type === "json_object") return JSON.stringify({ you_said: question })
  return last["role"] === "tool"
    ? `The tool returned: ${question}`
    : `You said: ${question} (This is Drawbar's demo model; it repeats what it reads.)`
}

/** Words with the space before them: what the demo counts as tokens, and streams piece by piece. */
export const words = (text: string): ReadonlyArray<string> => text.match(/\s*\S+/g) ?? []

const usageOf = (prompt_tokens: number, completion_tokens: number) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
})

const messagesOf = ({ messages }: Json.JsonObject): ReadonlyArray<Json.JsonObject> => {
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(Json.isObject))
    throw new DemoFault(
      400,
      "messages must be an array of objects with role and content, with at least one of them",
      "messages",
    )
  return messages
}

/** The text of a content, which may be a list of parts. */
const textOf = (content: Json.Json | undefined): string => {
  if (typeof content === "string") return content
  return Array.isArray(content) ? content.map((part) => String(Object(part).text ?? "")).join(" ") : ""
}

/** The tool that the request demands, else the first. */
const toolOf = ({ tools, tool_choice }: Json.JsonObject): Json.JsonObject | undefined => {
  const offered = (Array.isArray(tools) ? tools : []).map((tool) => Object(tool).function).filter(Json.isObject)
  const demanded: unknown = Object(Object(tool_choice).function).name
  if (demanded === undefined) return offered[0]
  const found = offered.find(({ name }) => name === demanded)
  if (found === undefined)
    throw new DemoFault(400, `tool_choice names ${String(demanded)}, which is not among tools`, "tool_choice")
  return found
}

const maxDepth = 8

/** A value that a JSON Schema describes; texts are the question. */
const sampleOf = (schema: unknown, question: string, depth = 0): Json.Json => {
  const { type, enum: choices, const: only, default: usual, properties, items, minimum } = Object(schema)
  const known = only ?? usual ?? (Array.isArray(choices) ? choices[0] : undefined)
  if (known !== undefined) return known
  switch (Array.isArray(type) ? type[0] : type) {
    case "integer":
    case "number":
      return typeof minimum === "number" ? minimum : 1
    case "boolean":
      return true
    case "null":
      return null
    case "array":
      return depth < maxDepth ? [sampleOf(items, question, depth + 1)] : []
    case "string":
      return question
    default:
      return depth < maxDepth
        ? Object.fromEntries(
            Object.entries(Object(properties)).map(([name, inner]) => [name, sampleOf(inner, question, depth + 1)]),
          )
        : {}
  }
}

/** The events of the same answer as a stream. */
export const chunks = (completion: Completion, withUsage: boolean): ReadonlyArray<object> => {
  const { id, created, model, message, finish_reason, usage } = completion
  const chunk = (delta: object, finish: string | null = null) => ({
    id,
    object: "chat.completion.chunk",
    created,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  return [
    chunk({ role: "assistant", content: message.content === null ? null : "" }),
    ...(message.tool_calls ?? []).map((call, index) => chunk({ tool_calls: [{ index, ...call }] })),
    ...words(message.content ?? "").map((content) => chunk({ content })),
    chunk({}, finish_reason),
    ...(withUsage ? [{ id, object: "chat.completion.chunk", created, model, choices: [], usage }] : []),
  ]
}
