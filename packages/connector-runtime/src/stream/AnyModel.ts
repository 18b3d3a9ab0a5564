/**
 * An event of a model that stands behind a platform of many models (Bedrock's InvokeModel, SageMaker): which model it is, its shape
 * tells. A model whose events look otherwise is one more row.
 */
import type { JSONValue } from "json-p3"
import * as Anthropic from "./Anthropic.ts"
import * as CohereEvents from "./CohereEvents.ts"
import * as Converse from "./Converse.ts"
import * as Gemini from "./Gemini.ts"
import * as Ollama from "./Ollama.ts"
import * as OpenAIEvents from "./OpenAIEvents.ts"
import type { EventReader } from "./EventReader.ts"
import { at, type StreamPiece, reading, text } from "./StreamPiece.ts"

interface Shape {
  readonly has: (value: JSONValue) => boolean
  readonly read: (value: JSONValue) => StreamPiece
}

/** What Bedrock adds to a model's last event. */
const metrics = "amazon-bedrock-invocationMetrics"

const typed = (pattern: RegExp) => (value: unknown) => pattern.test(text(at(value, "type")) ?? "")
const as = (read: EventReader) => (value: JSONValue) => read({ data: "" }, () => value)
/** With Bedrock's counts, where the model has none of its own. */
const counted = (read: (value: JSONValue) => StreamPiece) => (value: JSONValue) => {
  const usage = at(value, metrics)
  const said = read(value)
  return said.usage === undefined && usage !== undefined ? { ...said, ...reading({ usage }) } : said
}
const named = (value: JSONValue) => Converse.names.find((name) => at(value, name) !== undefined)

const shapes: ReadonlyArray<Shape> = [
  // Anthropic counts for itself, in other events than the last.
  { has: typed(/^(?:message_|content_block_|ping$|error$)/), read: as(Anthropic.messages) },
  { has: typed(/^response\./), read: as(OpenAIEvents.responses) },
  { has: typed(/^(?:message|content|tool-call|tool-plan|citation)-/), read: counted(as(CohereEvents.chat)) },
  { has: (value) => text(at(value, "event_type")) !== undefined, read: counted(as(CohereEvents.chatV1)) },
  {
    // Nova: https://docs.aws.amazon.com/nova/latest/userguide/using-invoke-api.html
    has: (value) => named(value) !== undefined,
    read: (value) => {
      const name = named(value) ?? ""
      return Converse.event({ name, data: "" }, () => Object(value)[name])
    },
  },
  // gpt-oss, DeepSeek, Mistral's chat, Qwen and others that speak OpenAI's chunks.
  { has: (value) => Array.isArray(at(value, "choices")), read: counted(as(OpenAIEvents.chat)) },
  { has: (value) => Array.isArray(at(value, "candidates")), read: as(Gemini.generateContent) },
  { has: (value) => typeof at(value, "done") === "boolean", read: as(Ollama.chat) },
  {
    // Containers of text generation: https://huggingface.co/docs/text-generation-inference/conceptual/streaming
    has: (value) => at(value, "token", "text") !== undefined,
    read: (value) => {
      const whole = at(value, "generated_text")
      return reading({
        content: at(value, "token", "special") === true ? undefined : at(value, "token", "text"),
        finishReason: at(value, "details", "finish_reason"),
        isEnd: typeof whole === "string",
      })
    },
  },
  {
    // Deep Java Library's lines: https://docs.djl.ai/master/docs/serving/serving/docs/lmi/user_guides/lmi_input_output_schema.html
    has: (value) => typeof at(value, "outputs", 0) === "string",
    read: (value) => reading({ content: at(value, "outputs", 0), endsSilently: true }),
  },
]

/**
 * Titan (`outputText`), Llama (`generation`), Mistral (`outputs`), Cohere's Command (`text`), each with its finish reason:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
const flat = counted((value) =>
  reading({
    content: at(value, "outputText") ?? at(value, "generation") ?? at(value, "outputs", 0, "text") ?? at(value, "text"),
    finishReason:
      at(value, "completionReason") ??
      at(value, "stop_reason") ??
      at(value, "finish_reason") ??
      at(value, "outputs", 0, "stop_reason"),
  }),
)

export const event: EventReader = (_event, json) => {
  const value = json()
  return (shapes.find(({ has }) => has(value))?.read ?? flat)(value)
}
