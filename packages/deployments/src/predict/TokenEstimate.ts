/** How many tokens a call may take, before it is made: those of its prompt, and the most that its answer may have. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { Parameters, PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import { textOf } from "@drawbar/template-renderer/Parameter"

export interface TokenEstimate {
  /** Of the input alone. */
  readonly prompt: (input: PredictInput) => number
  /** Of the input and of the answer. */
  readonly call: (input: PredictInput) => number
}

/** Of an answer, where neither the caller nor the connector bounds it. */
const defaultOutputTokens = 1_000

/** More than any upstream answers, so that products stay exact. */
const largestCount = 1_000_000_000

/** A token is about four bytes of UTF-8. */
const bytesPerToken = 4

/** How upstreams call the parameter that bounds the tokens of an answer. */
const names = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "max_new_tokens",
  "max_tokens_to_sample",
  "max_gen_len",
  "maxTokens",
  "maxOutputTokens",
  "maxTokenCount",
  "num_predict",
]

const literal = new RegExp(String.raw`"(?:${names.join("|")})"\s*:\s*(\d{1,12})(?![\d.])`, "g")

/**
 * Compiled once, when a model is deployed. Of several bounds the largest counts, because it depends on the upstream which
 * of them it obeys.
 */
export const make = ({ parameters, actions }: Connector): TokenEstimate => {
  const bodies = actions.map(({ request_body = "" }) => request_body).join("\n")
  const inBodies = [...bodies.matchAll(literal)].map(([, n]) => Number(n))
  const read = new Set(names.filter((name) => Object.hasOwn(parameters, name) || bodies.includes(`parameters.${name}`)))

  const output = (input: PredictInput): number => {
    const given = parametersOf(input)
    // OpenAI's API adds fields that the template has no place for.
    const readsAll = input._tag === "Parameters" && input.openai !== undefined
    const bounds = names.flatMap((name) => {
      const own = Object.hasOwn(parameters, name) ? countIn(parameters[name]) : undefined
      const value = readsAll || read.has(name) ? given?.get(name) : undefined
      return (value === undefined ? undefined : countIn(textOf(value))) ?? own ?? []
    })
    const all = [...bounds, ...inBodies]
    return all.length === 0 ? defaultOutputTokens : Math.max(...all)
  }
  return { prompt, call: (input) => prompt(input) + output(input) * choicesOf(input) }
}

const prompt = (input: PredictInput) => Math.ceil(bytesOf(input) / bytesPerToken)

/** How many answers a caller asks for at once. */
const choicesOf = (input: PredictInput): number => {
  const given = parametersOf(input)?.get("n")
  return Math.max(1, (given === undefined ? undefined : countIn(textOf(given))) ?? 1)
}

/** A number as callers may write it, such as `100`, `1e5` or `" 7 "`. */
const countIn = (text: string | undefined): number | undefined => {
  const number = text === undefined || text.trim() === "" || text.length > 32 ? Number.NaN : Number(text)
  return Number.isFinite(number) && number >= 0 ? Math.ceil(Math.min(number, largestCount)) : undefined
}

const parametersOf = (input: PredictInput): Parameters | undefined =>
  input._tag === "Parameters" || input._tag === "TextDocs" ? input.parameters : undefined

/** Of UTF-8: what the caller sends, whether or not a template uses it. */
const bytesOf = (input: PredictInput): number => {
  let bytes = 0
  for (const value of parametersOf(input)?.values() ?? []) bytes += Buffer.byteLength(textOf(value))
  if (input._tag === "TextDocs" || input._tag === "TextSimilarity")
    for (const text of input.text_docs) bytes += Buffer.byteLength(text ?? "")
  if (input._tag === "TextSimilarity") bytes += Buffer.byteLength(input.query_text)
  if (input._tag === "QuestionAnswering") bytes += Buffer.byteLength(input.question) + Buffer.byteLength(input.context)
  return bytes
}
