/** https://ai.google.dev/api/generate-content#generatecontentresponse */
import * as Json from "@drawbar/json-text/Json"
import { at, list, text } from "../stream/StreamPiece.ts"
import type { Choice, Dialect } from "./Dialect.ts"
import { count, jsonText } from "./ResponseMembers.ts"

const answer: Dialect["answer"] = (value) => {
  const blocked = text(at(value, "promptFeedback", "blockReason"))
  const candidates = at(value, "candidates")
  const choices = list(candidates).map(choiceOf)
  if (choices.length === 0 && blocked === undefined) return undefined
  return {
    id: text(at(value, "responseId")),
    model: text(at(value, "modelVersion")),
    // A prompt that is not let in has no candidates.
    choices: choices.length > 0 ? choices : [{ content: null, toolCalls: [], finishReason: blocked }],
    usage: at(value, "usageMetadata"),
  }
}

const choiceOf = (candidate: unknown): Choice => {
  const parts = list(at(candidate, "content", "parts"))
  const texts = (isThought: boolean) =>
    parts.flatMap((part) => ((at(part, "thought") === true) === isThought ? (text(at(part, "text")) ?? []) : []))
  const [words, thoughts] = [texts(false), texts(true)]
  return {
    content: words.length === 0 ? null : words.join(""),
    reasoning: thoughts.length === 0 ? undefined : thoughts.join(""),
    toolCalls: parts.filter((part) => at(part, "functionCall") !== undefined).map(callOf),
    finishReason: text(at(candidate, "finishReason")),
  }
}

const callOf = (part: unknown) => {
  const signature = text(at(part, "thoughtSignature"))
  return {
    id: text(at(part, "functionCall", "id")),
    name: text(at(part, "functionCall", "name")) ?? "",
    arguments: jsonText(at(part, "functionCall", "args")),
    ...(signature === undefined ? {} : { extra: { google: { thought_signature: signature } } satisfies Json.Json }),
  }
}

/** Gemini sends a call as a whole. */
const toolPieces: Dialect["toolPieces"] = (value) => list(value).map((part) => ({ begins: true, ...callOf(part) }))

const filtered = "content_filter"

const finishReasons: Dialect["finishReasons"] = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: filtered,
  RECITATION: filtered,
  LANGUAGE: filtered,
  BLOCKLIST: filtered,
  PROHIBITED_CONTENT: filtered,
  SPII: filtered,
  IMAGE_SAFETY: filtered,
  OTHER: filtered,
}

const usage: Dialect["usage"] = (value) => {
  const [prompt, written, reasoning] = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"].map((name) =>
    count(at(value, name)),
  )
  if (prompt === undefined && written === undefined && reasoning === undefined) return undefined
  return {
    prompt: prompt ?? 0,
    completion: (written ?? 0) + (reasoning ?? 0),
    cached: count(at(value, "cachedContentTokenCount")),
    reasoning,
  }
}

/** How its responses are read. */
export const response = { answer, toolPieces, finishReasons, usage }
