import type { EventReader } from "./EventReader.ts"
import { at, reading } from "./StreamPiece.ts"

/** https://github.com/ollama/ollama/blob/main/docs/api.md: `/api/chat` and `/api/generate` */
export const chat: EventReader = (_event, json) => {
  const value = json()
  const isEnd = at(value, "done") === true
  const counts = { prompt_eval_count: at(value, "prompt_eval_count"), eval_count: at(value, "eval_count") }
  return reading({
    content: at(value, "message", "content") ?? at(value, "response"),
    reasoning: at(value, "message", "thinking") ?? at(value, "thinking"),
    toolCalls: at(value, "message", "tool_calls"),
    finishReason: at(value, "done_reason"),
    usage: isEnd && counts.eval_count !== undefined ? counts : undefined,
    isEnd,
  })
}
