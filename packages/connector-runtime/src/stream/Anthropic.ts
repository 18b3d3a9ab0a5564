import type { EventReader } from "./EventReader.ts"
import { at, nothing, reading } from "./StreamPiece.ts"

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
export const messages: EventReader = (_event, json) => {
  const value = json()
  switch (at(value, "type")) {
    case "message_start":
      return reading({ usage: at(value, "message", "usage") })
    case "content_block_start":
      return reading(
        at(value, "content_block", "type") === "tool_use"
          ? { toolCalls: value }
          : { content: at(value, "content_block", "text"), reasoning: at(value, "content_block", "thinking") },
      )
    case "content_block_delta":
      return reading(
        at(value, "delta", "type") === "input_json_delta"
          ? { toolCalls: value }
          : { content: at(value, "delta", "text"), reasoning: at(value, "delta", "thinking") },
      )
    case "message_delta":
      return reading({ finishReason: at(value, "delta", "stop_reason"), usage: at(value, "usage") })
    case "message_stop":
      return { isEnd: true }
    case "error":
      return reading({ error: at(value, "error") ?? "the platform failed" })
    default:
      return nothing
  }
}
