/** https://platform.claude.com/docs/en/api/messages and /build-with-claude/streaming */
import { at, text } from "../stream/StreamPiece.ts"
import type { Dialect } from "./Dialect.ts"
import { count, jsonText } from "./ResponseMembers.ts"

const answer: Dialect["answer"] = (value) => {
  const blocks = at(value, "content")
  if (!Array.isArray(blocks)) return undefined
  const of = (type: string, member: string) =>
    blocks.flatMap((block) => (at(block, "type") === type ? [text(at(block, member)) ?? ""] : []))
  const words = of("text", "text")
  const thoughts = of("thinking", "thinking")
  return {
    id: text(at(value, "id")),
    model: text(at(value, "model")),
    choices: [
      {
        content: words.length === 0 ? null : words.join(""),
        reasoning: thoughts.length === 0 ? undefined : thoughts.join(""),
        toolCalls: blocks.flatMap((block) =>
          at(block, "type") === "tool_use"
            ? [
                {
                  id: text(at(block, "id")),
                  name: text(at(block, "name")) ?? "",
                  arguments: jsonText(at(block, "input")),
                },
              ]
            : [],
        ),
        finishReason: text(at(value, "stop_reason")),
      },
    ],
    usage: at(value, "usage"),
  }
}

const toolPieces: Dialect["toolPieces"] = (value) => {
  const key = count(at(value, "index"))
  const block = at(value, "content_block")
  if (block !== undefined)
    return [{ key, begins: true, id: text(at(block, "id")), name: text(at(block, "name")), ...whole(block) }]
  return [{ key, arguments: text(at(value, "delta", "partial_json")) }]
}

/** A block that begins with its whole input. */
const whole = (block: unknown) => {
  const input = at(block, "input")
  return typeof input === "object" && input !== null && Object.keys(input).length > 0
    ? { arguments: jsonText(input) }
    : {}
}

const finishReasons: Dialect["finishReasons"] = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
}

/** Anthropic counts what it reads from and writes to its cache beside the rest of the prompt. */
const usage: Dialect["usage"] = (value) => {
  const [input, output] = [count(at(value, "input_tokens")), count(at(value, "output_tokens"))]
  if (input === undefined && output === undefined) return undefined
  const cached = count(at(value, "cache_read_input_tokens")) ?? 0
  const written = count(at(value, "cache_creation_input_tokens")) ?? 0
  const reasoning = count(at(value, "output_tokens_details", "thinking_tokens"))
  return { prompt: (input ?? 0) + cached + written, completion: output ?? 0, cached, reasoning }
}

/** How its responses are read. */
export const response = { answer, toolPieces, finishReasons, usage }
