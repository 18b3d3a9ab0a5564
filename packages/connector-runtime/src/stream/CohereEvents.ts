import type { EventReader } from "./EventReader.ts"
import { at, nothing, reading } from "./StreamPiece.ts"

/** https://docs.cohere.com/reference/chat-stream */
export const chat: EventReader = (_event, json) => {
  const value = json()
  switch (at(value, "type")) {
    case "content-delta":
      return reading({
        content: at(value, "delta", "message", "content", "text"),
        reasoning: at(value, "delta", "message", "content", "thinking"),
      })
    case "tool-call-start":
    case "tool-call-delta":
      return reading({ toolCalls: at(value, "delta", "message", "tool_calls") })
    case "message-end":
      return reading({
        finishReason: at(value, "delta", "finish_reason"),
        usage: at(value, "delta", "usage"),
        error: at(value, "delta", "error"),
        isEnd: true,
      })
    default:
      return nothing
  }
}

/** https://docs.cohere.com/v1/reference/chat-stream */
export const chatV1: EventReader = (_event, json) => {
  const value = json()
  switch (at(value, "event_type")) {
    case "text-generation":
      return reading({ content: at(value, "text") })
    case "tool-calls-chunk":
      return reading({ toolCalls: at(value, "tool_call_delta") })
    case "stream-end":
      return reading({
        finishReason: at(value, "finish_reason"),
        usage: at(value, "response", "meta", "billed_units"),
        isEnd: true,
      })
    default:
      return nothing
  }
}
