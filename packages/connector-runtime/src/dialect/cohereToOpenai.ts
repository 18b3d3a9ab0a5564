/** https://docs.cohere.com/reference/chat and https://docs.cohere.com/reference/chat-stream */
import { at, list, text } from "../stream/StreamPiece.ts"
import type { Dialect } from "./Dialect.ts"
import { count, jsonText } from "./ResponseMembers.ts"

const answer: Dialect["answer"] = (value) => {
  const message = at(value, "message")
  if (typeof message !== "object" || message === null) return undefined
  const content = at(message, "content")
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : list(content)
  const texts = (member: string) => parts.flatMap((part) => text(at(part, member)) ?? [])
  const [words, thoughts] = [texts("text"), texts("thinking")]
  return {
    id: text(at(value, "id")),
    choices: [
      {
        content: words.length === 0 ? null : words.join(""),
        reasoning: thoughts.length === 0 ? text(at(message, "tool_plan")) : thoughts.join(""),
        toolCalls: list(at(message, "tool_calls")).map((call) => ({
          id: text(at(call, "id")),
          name: text(at(call, "function", "name")) ?? "",
          arguments: jsonText(at(call, "function", "arguments")),
        })),
        finishReason: text(at(value, "finish_reason")),
      },
    ],
    usage: at(value, "usage"),
  }
}

/** One call after the other: its beginning has an id, the rest follows. */
const toolPieces: Dialect["toolPieces"] = (value) => {
  const id = text(at(value, "id"))
  return [
    {
      begins: id !== undefined,
      id,
      name: text(at(value, "function", "name")),
      arguments: text(at(value, "function", "arguments")),
    },
  ]
}

const finishReasons: Dialect["finishReasons"] = {
  COMPLETE: "stop",
  STOP_SEQUENCE: "stop",
  MAX_TOKENS: "length",
  TOOL_CALL: "tool_calls",
  ERROR_TOXIC: "content_filter",
}

const usage: Dialect["usage"] = (value) => {
  const counted = at(value, "tokens") ?? at(value, "billed_units")
  const [input, output] = [count(at(counted, "input_tokens")), count(at(counted, "output_tokens"))]
  if (input === undefined && output === undefined) return undefined
  return { prompt: input ?? 0, completion: output ?? 0, cached: count(at(value, "cached_tokens")) }
}

/** How its responses are read. */
export const response = { answer, toolPieces, finishReasons, usage }
