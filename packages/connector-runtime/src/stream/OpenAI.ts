import type { Read } from "./StreamFormat.ts"
import { at, nothing, reading } from "./StreamPiece.ts"

/** https://platform.openai.com/docs/api-reference/chat/streaming and, with `text`, the older completions. */
export const chat: Read = ({ name, data }, json) => {
  if (data.trim() === "[DONE]") return { isEnd: true }
  const value = json()
  const choice = at(value, "choices", 0)
  return reading({
    content: at(choice, "delta", "content") ?? at(choice, "text"),
    toolCalls: at(choice, "delta", "tool_calls"),
    finishReason: at(choice, "finish_reason"),
    usage: at(value, "usage"),
    error: at(value, "error") ?? (name === "error" ? value : undefined),
  })
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const responses: Read = (_event, json) => {
  const value = json()
  switch (at(value, "type")) {
    case "response.output_text.delta":
      return reading({ content: at(value, "delta") })
    case "response.function_call_arguments.delta":
      return reading({ toolCalls: value })
    case "response.completed":
    case "response.incomplete":
      return reading({
        finishReason: at(value, "response", "status"),
        usage: at(value, "response", "usage"),
        isEnd: true,
      })
    case "response.failed":
      return reading({ error: at(value, "response", "error") ?? "the platform failed" })
    case "error":
      return reading({ error: value })
    default:
      return nothing
  }
}
