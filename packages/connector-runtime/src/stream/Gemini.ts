import type { Read } from "./StreamFormat.ts"
import { at, reading } from "./StreamPiece.ts"

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export const generateContent: Read = (_event, json) => {
  const value = json()
  const parts = at(value, "candidates", 0, "content", "parts")
  const list: ReadonlyArray<unknown> = Array.isArray(parts) ? parts : []
  const calls = list.filter((part) => at(part, "functionCall") !== undefined)
  return reading({
    content: list.map((part) => at(part, "text") ?? "").join(""),
    toolCalls: calls.length === 0 ? undefined : calls,
    // A prompt that is not let in has no candidates.
    finishReason: at(value, "candidates", 0, "finishReason") ?? at(value, "promptFeedback", "blockReason"),
    usage: at(value, "usageMetadata"),
    error: at(value, "error"),
  })
}
