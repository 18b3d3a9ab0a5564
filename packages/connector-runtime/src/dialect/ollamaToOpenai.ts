/** https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion */
import { at, list, text } from "../stream/StreamPiece.ts"
import type { Dialect } from "./Dialect.ts"
import { jsonText, usageBy } from "./ResponseMembers.ts"

const answer: Dialect["answer"] = (value) => {
  const message = at(value, "message")
  if (typeof message !== "object" || message === null) return undefined
  const calls = callsOf(at(message, "tool_calls"))
  const content = text(at(message, "content")) ?? ""
  return {
    model: text(at(value, "model")),
    choices: [
      {
        content: content === "" && calls.length > 0 ? null : content,
        reasoning: text(at(message, "thinking")) || undefined,
        toolCalls: calls,
        finishReason: text(at(value, "done_reason")),
      },
    ],
    usage: value,
  }
}

const callsOf = (calls: unknown) =>
  list(calls).map((call) => ({
    id: text(at(call, "id")),
    name: text(at(call, "function", "name")) ?? "",
    arguments: jsonText(at(call, "function", "arguments")),
  }))

/** Ollama sends a call as a whole. */
const toolPieces: Dialect["toolPieces"] = (value) => callsOf(value).map((call) => ({ begins: true, ...call }))

const finishReasons: Dialect["finishReasons"] = { stop: "stop", length: "length" }

const usage = usageBy(["prompt_eval_count"], ["eval_count"])

/** How its responses are read. */
export const response = { answer, toolPieces, finishReasons, usage }
