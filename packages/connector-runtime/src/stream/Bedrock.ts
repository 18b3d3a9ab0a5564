import * as Anthropic from "./Anthropic.ts"
import type { Read } from "./StreamFormat.ts"
import { at, nothing, type StreamPiece, reading } from "./StreamPiece.ts"

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
export const converse: Read = ({ name = "" }, json) => {
  const value = json()
  if (name.startsWith("error ")) return failure(name, value)
  switch (name) {
    case "contentBlockStart":
      return reading({ toolCalls: at(value, "start", "toolUse") === undefined ? undefined : value })
    case "contentBlockDelta":
      return reading(
        at(value, "delta", "toolUse") === undefined ? { content: at(value, "delta", "text") } : { toolCalls: value },
      )
    case "messageStop":
      return reading({ finishReason: at(value, "stopReason") })
    // The last event; a stream that ends after `messageStop` has ended as well.
    case "metadata":
      return reading({ usage: at(value, "usage"), isEnd: true })
    default:
      return nothing
  }
}

/**
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 * Each event holds the model's own, in base64.
 */
export const invoke: Read = (event, json) => {
  const { name = "" } = event
  if (name.startsWith("error ")) return failure(name, json())
  const bytes = at(json(), "bytes")
  if (typeof bytes !== "string") return nothing
  const value = json(Buffer.from(bytes, "base64").toString("utf8"))
  if (typeof at(value, "type") === "string") return Anthropic.messages(event, () => value)
  const finishReason = at(value, "completionReason") ?? at(value, "stop_reason") ?? at(value, "finish_reason")
  return reading({
    content: at(value, "outputText") ?? at(value, "generation") ?? at(value, "outputs", 0, "text") ?? at(value, "text"),
    finishReason: finishReason ?? at(value, "outputs", 0, "stop_reason"),
    usage: at(value, "amazon-bedrock-invocationMetrics"),
  })
}

const failure = (name: string, value: unknown): StreamPiece =>
  reading({ error: `${name.slice("error ".length)}: ${String(at(value, "message") ?? "")}` })
