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

/** Compiled once, when a model is deployed. */
export const make = ({ parameters, actions }: Connector): TokenEstimate => {
  const ofAuthor = limitIn((name) => (Object.hasOwn(parameters, name) ? parameters[name] : undefined))
  const inBodies = actions.flatMap(({ request_body = "" }) =>
    [...request_body.matchAll(literal)].map(([, n]) => Number(n)),
  )
  const output = ofAuthor ?? (inBodies.length === 0 ? defaultOutputTokens : Math.max(...inBodies))
  return { prompt, call: (input) => prompt(input) + (limitOf(input) ?? output) * choicesOf(input) }
}

const prompt = (input: PredictInput) => Math.ceil(bytesOf(input) / bytesPerToken)

/** How many answers a caller asks for at once. */
const choicesOf = (input: PredictInput): number => {
  const given = parametersOf(input)?.get("n")
  const text = given === undefined ? "" : textOf(given).trim()
  return /^\d{1,3}$/.test(text) ? Math.max(1, Number(text)) : 1
}

const limitOf = (input: PredictInput): number | undefined => {
  const given = parametersOf(input)
  return given === undefined
    ? undefined
    : limitIn((name) => {
        const value = given.get(name)
        return value === undefined ? undefined : textOf(value)
      })
}

const limitIn = (valueOf: (name: string) => string | undefined): number | undefined => {
  for (const name of names) {
    const text = valueOf(name)?.trim()
    if (text !== undefined && /^\d{1,12}$/.test(text)) return Number(text)
  }
  return undefined
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
