import type { EventReader } from "./EventReader.ts"
import { at, list, nothing, type PieceParts, reading } from "./StreamPiece.ts"

/** https://platform.openai.com/docs/api-reference/chat/streaming and, with `text`, the older completions. */
export const chat: EventReader = (_event, json) => {
  const value = json()
  return reading({
    choices: list(at(value, "choices")).map((choice) => [at(choice, "index"), partsOf(choice)]),
    usage: at(value, "usage") ?? at(value, "x_groq", "usage"),
  })
}

const partsOf = (choice: unknown): PieceParts => {
  // Some platforms send the whole message so far beside each delta: it is read only where there is no delta.
  const delta = at(choice, "delta") ?? (at(choice, "text") === undefined ? at(choice, "message") : undefined)
  return {
    content: at(delta, "content") ?? at(choice, "text"),
    reasoning: at(delta, "reasoning_content") ?? at(delta, "reasoning"),
    refusal: at(delta, "refusal"),
    toolCalls: at(delta, "tool_calls") ?? legacyCall(at(delta, "function_call")),
    finishReason: at(choice, "finish_reason") ?? at(choice, "stop_reason"),
  }
}

/** The one call of the older `function_call`, as the list of calls that replaced it. */
const legacyCall = (call: unknown): unknown =>
  typeof call === "object" && call !== null ? [{ index: 0, type: "function", function: call }] : undefined

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const responses: EventReader = (_event, json) => {
  const value = json()
  switch (at(value, "type")) {
    case "response.output_text.delta":
      return reading({ content: at(value, "delta") })
    case "response.refusal.delta":
      return reading({ refusal: at(value, "delta") })
    case "response.reasoning_text.delta":
    case "response.reasoning_summary_text.delta":
      return reading({ reasoning: at(value, "delta") })
    case "response.function_call_arguments.delta":
      return reading({ toolCalls: value })
    case "response.completed":
    case "response.incomplete":
      return reading({
        finishReason: at(value, "response", "status"),
        incompleteDetails: at(value, "response", "incomplete_details"),
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
