/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and API_runtime_ConverseStream.html */
import { at, text } from "../stream/StreamPiece.ts"
import type { Dialect } from "./Dialect.ts"
import { count, jsonText } from "./ResponseMembers.ts"

const answer: Dialect["answer"] = (value) => {
  const blocks = at(value, "output", "message", "content")
  if (!Array.isArray(blocks)) return undefined
  const texts = (...path: ReadonlyArray<string>) => blocks.flatMap((block) => text(at(block, ...path)) ?? [])
  const words = texts("text")
  const thoughts = texts("reasoningContent", "reasoningText", "text")
  return {
    choices: [
      {
        content: words.length === 0 ? null : words.join(""),
        reasoning: thoughts.length === 0 ? undefined : thoughts.join(""),
        toolCalls: blocks.flatMap((block) => {
          const use = at(block, "toolUse")
          return use === undefined
            ? []
            : [
                {
                  id: text(at(use, "toolUseId")),
                  name: text(at(use, "name")) ?? "",
                  arguments: jsonText(at(use, "input")),
                },
              ]
        }),
        finishReason: text(at(value, "stopReason")),
      },
    ],
    usage: at(value, "usage"),
  }
}

const toolPieces: Dialect["toolPieces"] = (value) => {
  const key = count(at(value, "contentBlockIndex"))
  const start = at(value, "start", "toolUse")
  return start === undefined
    ? [{ key, arguments: text(at(value, "delta", "toolUse", "input")) }]
    : [{ key, begins: true, id: text(at(start, "toolUseId")), name: text(at(start, "name")) }]
}

const finishReasons: Dialect["finishReasons"] = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  guardrail_intervened: "content_filter",
  content_filtered: "content_filter",
}

const usage: Dialect["usage"] = (value) => {
  const [input, output] = [count(at(value, "inputTokens")), count(at(value, "outputTokens"))]
  if (input === undefined && output === undefined) return undefined
  const cached = count(at(value, "cacheReadInputTokens")) ?? 0
  const written = count(at(value, "cacheWriteInputTokens")) ?? 0
  return { prompt: (input ?? 0) + cached + written, completion: output ?? 0, cached }
}

/** How its responses are read. */
export const response = { answer, toolPieces, finishReasons, usage }
