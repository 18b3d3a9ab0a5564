import type { EventReader } from "./EventReader.ts"
import { at, list, type PieceParts, reading } from "./StreamPiece.ts"

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export const generateContent: EventReader = (_event, json) => {
  const value = json()
  const candidates = list(at(value, "candidates"))
  return reading({
    // A prompt that is not let in has no candidates.
    choices:
      candidates.length === 0
        ? [[0, { finishReason: at(value, "promptFeedback", "blockReason") }]]
        : candidates.map((candidate) => [at(candidate, "index"), partsOf(candidate)]),
    usage: at(value, "usageMetadata"),
  })
}

const partsOf = (candidate: unknown): PieceParts => {
  const parts = list(at(candidate, "content", "parts"))
  const calls = parts.filter((part) => at(part, "functionCall") !== undefined)
  // What a model thinks stands among its parts, marked `thought`: https://ai.google.dev/gemini-api/docs/thinking
  return { content: parts, toolCalls: calls, finishReason: at(candidate, "finishReason") }
}
