/** OpenAI's own chat API, which many providers speak. Source: https://platform.openai.com/docs/api-reference/chat */
import { textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { at, list, text } from "../stream/StreamPiece.ts"
import type { Member } from "./BodyMembers.ts"
import type { Dialect, Translation } from "./Dialect.ts"
import { count, jsonText } from "./ResponseMembers.ts"

/** The documented fields of a request, beside those that Drawbar sets: `model` and `stream`. */
const documented: ReadonlySet<string> = new Set([
  "messages",
  "audio",
  "frequency_penalty",
  "function_call",
  "functions",
  "logit_bias",
  "logprobs",
  "max_completion_tokens",
  "max_tokens",
  "metadata",
  "modalities",
  "n",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "prompt_cache_key",
  "prompt_cache_retention",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "seed",
  "service_tier",
  "stop",
  "store",
  "stream_options",
  "temperature",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "user",
  "verbosity",
  "web_search_options",
])

/** The values as they were sent, digit by digit. */
const request: Dialect["request"] = (fields) => {
  const members: Array<Member> = []
  const unsupported: Array<Translation["unsupported"][number]> = []
  for (const [field, value] of fields)
    if (documented.has(field)) {
      const json = value._tag === "Text" ? JSON.stringify(value.text) : textOf(value)
      // Drawbar reads it itself: a template may fix it.
      members.push({ field, path: [field], json, isDefault: field === "stream_options" })
    } else unsupported.push({ field, why: "OpenAI's chat API documents no such field" })
  return Result.succeed({ members, unsupported })
}

const answer: Dialect["answer"] = (value) => {
  const choices = at(value, "choices")
  if (!Array.isArray(choices)) return undefined
  return {
    id: text(at(value, "id")),
    model: text(at(value, "model")),
    choices: choices.map((choice) => ({
      content: text(at(choice, "message", "content")) ?? null,
      reasoning: text(at(choice, "message", "reasoning_content")) ?? text(at(choice, "message", "reasoning")),
      toolCalls: list(at(choice, "message", "tool_calls")).map((call) => ({
        id: text(at(call, "id")),
        name: text(at(call, "function", "name")) ?? "",
        arguments: jsonText(at(call, "function", "arguments")),
      })),
      finishReason: text(at(choice, "finish_reason")),
    })),
    usage: at(value, "usage"),
  }
}

const toolPieces: Dialect["toolPieces"] = (value) =>
  list(value).map((call) => {
    const id = text(at(call, "id")) || undefined
    const name = text(at(call, "function", "name"))
    const given = at(call, "function", "arguments")
    return {
      key: count(at(call, "index")) ?? id,
      begins: id !== undefined || name !== undefined,
      id,
      name,
      arguments:
        given === undefined || given === null ? undefined : typeof given === "string" ? given : jsonText(given),
    }
  })

const finishReasons: Dialect["finishReasons"] = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  function_call: "function_call",
}

const usage: Dialect["usage"] = (value) => {
  const [prompt, completion] = [count(at(value, "prompt_tokens")), count(at(value, "completion_tokens"))]
  return prompt === undefined && completion === undefined
    ? undefined
    : {
        prompt: prompt ?? 0,
        completion: completion ?? 0,
        cached: count(at(value, "prompt_tokens_details", "cached_tokens")),
        reasoning: count(at(value, "completion_tokens_details", "reasoning_tokens")),
      }
}

/** Its way to itself. */
export const same = { request, answer, toolPieces, finishReasons, usage }
