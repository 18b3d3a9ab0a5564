/**
 * The body of a predict as the input it means.
 *
 * Parameters other than strings are copied from the body's text, so that numbers keep the digits that were sent.
 */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { type ActionType, types as actionTypes } from "@drawbar/blueprint-schema/ConnectorAction"
import * as Decode from "@drawbar/json-text/Decode"
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import * as Json from "@drawbar/json-text/Json"
import * as JsonFault from "@drawbar/json-text/JsonFault"
import { type Parameters, parametersAt, type PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import { Result, Schema } from "effect"
import { notObject, unreadable } from "@drawbar/http-server/http/Endpoint"
import { maybe } from "../records/Field.ts"
import * as RequestLimits from "../routes/RequestLimits.ts"
import * as PredictAlgorithm from "./PredictAlgorithm.ts"
import { PredictDocument } from "./PredictionsApi.ts"
import { BadParameter, NotImplemented, RequestError } from "@drawbar/http-server/http/RequestError"

type Outcome<A> = Result.Result<A, BlueprintError | DecodeError | RequestError>

/** Reads a body; `algorithm` is that of the path or the query, in any case. Where neither names one, the body's own fields do. */
export const read = (algorithm: string | undefined, body: string): Outcome<PredictInput> =>
  Result.flatMap(parse(body), (parsed) => {
    const name = algorithm?.toLowerCase() ?? PredictAlgorithm.ofBody(parsed.value)
    return Object.hasOwn(readers, name)
      ? readers[name as keyof typeof readers](parsed)
      : Result.fail(RequestError.from(new BadParameter({ message: wrongName })))
  })

const wrongName =
  "Wrong function name: the path or the parameter algorithm names no kind of input. Send POST …/models/MODEL_ID/_predict, or use one of [remote, text_embedding, sparse_encoding, sparse_tokenize, text_similarity, question_answering]"

/** As `read`, for a body whose own fields say which algorithm it is for. */
export const readUnnamed = (body: string): Outcome<PredictInput> => read(undefined, body)

/** As `readUnnamed`, or nothing for a body that is empty or has no field. */
export const readOptional = (body: string): Outcome<PredictInput | undefined> =>
  body.trim() === ""
    ? Result.succeed(undefined)
    : Result.flatMap(parse(body), ({ value }) =>
        Object.keys(value).length === 0 ? Result.succeed(undefined) : readUnnamed(body),
      )

/** As `read`, for a call that is made and not only shown. */
export const readPredict = (algorithm: string | undefined, body: string): Outcome<PredictInput> =>
  Result.flatMap(read(algorithm, body), (input) => {
    const action = input._tag === "Parameters" ? (input.action ?? "PREDICT") : "PREDICT"
    if (action === "PREDICT") return Result.succeed(input)
    return action === "BATCH_PREDICT"
      ? Result.fail(
          RequestError.from(
            new NotImplemented({ message: "Batch predictions are not there yet. Send the documents with _predict." }),
          ),
        )
      : refused(`Wrong Action Type of ${action}`)
  })

interface Body {
  readonly text: string
  readonly value: Json.JsonObject
}

const parse = (sent: string): Outcome<Body> => {
  const text = Json.withoutMark(sent)
  return Result.flatMap(quickly(text), (value) =>
    Json.isObject(value) ? Result.succeed({ text, value }) : Result.fail(notObject(value)),
  )
}

// `JSON.parse` rounds large numbers, so its values are not forwarded. If the text is invalid, `Json.parse` reports the position.
const quickly = (text: string): Outcome<Json.Json> => {
  const fault = Json.excess(text)
  if (fault !== undefined) return Result.fail(unreadable(Json.errorAt(text, fault.offset, fault.message)))
  try {
    const value: Json.Json = JSON.parse(text)
    const repeated = JsonFault.duplicate(text, value)
    return repeated === undefined
      ? Result.succeed(value)
      : Result.fail(unreadable(Json.errorAt(text, repeated.offset, repeated.message)))
  } catch {
    return Result.mapError(Json.parse(text), unreadable)
  }
}

/** The names of a body's fields of which no input is read; they are parameters that stand in the wrong place. */
export const unreadFields = (text: string): ReadonlyArray<string> =>
  Object.keys(Json.objectIn(text) ?? {})
    .filter((name) => !fields.has(name))
    .slice(0, maxNamed)

/** So many fields a message names. */
const maxNamed = 10

const fields: ReadonlySet<string> = new Set(Object.keys(PredictDocument.fields))

const remote = (body: Body): Outcome<PredictInput> =>
  Result.flatMap(actionOf(body.value["action_type"]), (action) =>
    Result.map(parametersOf(body), (parameters) =>
      action === undefined ? { _tag: "Parameters", parameters } : { _tag: "Parameters", parameters, action },
    ),
  )

const actionOf = (given: Json.Json | undefined): Outcome<ActionType | undefined> => {
  if (given == null) return Result.succeed(undefined)
  const action = typeof given === "string" ? actionTypes.find((known) => known === given.toUpperCase()) : undefined
  return action === undefined
    ? refused(`Wrong Action Type of ${Json.toText(given)}. Leave action_type out, or use "predict"`)
    : Result.succeed(action)
}

const parametersOf = ({ text, value }: Body): Outcome<Parameters> => {
  const given = value["parameters"]
  if (given == null) return Result.succeed(new Map())
  if (!Json.isObject(given)) return Result.fail(invalid("/parameters", "Expected an object at [/parameters]"))
  const { length } = Object.keys(given)
  if (length > RequestLimits.predictParameters)
    return Result.fail(
      invalid(
        "/parameters",
        `[/parameters] has ${length} members: ${RequestLimits.predictParameters} are taken at most`,
      ),
    )
  return Result.succeed(parametersAt({ text, value: null }, ["parameters"], given))
}

const ignoringCase = (...words: ReadonlyArray<string>) =>
  Schema.String.check(Schema.isPattern(new RegExp(`^(${words.join("|")})$`, "i")))

const AlgorithmParameters = Schema.Struct({
  content_type: maybe(ignoringCase("query", "passage")),
  sparse_embedding_format: maybe(ignoringCase("word", "token_id")),
})
type AlgorithmParameters = typeof AlgorithmParameters.Type

const resultFilter = {
  return_bytes: maybe(Schema.Boolean),
  return_number: maybe(Schema.Boolean),
  target_response: maybe(Schema.Array(Schema.String)),
  target_response_positions: maybe(Schema.Array(Schema.Int)),
}

const readTextDocs = Decode.decode(
  Schema.Struct({
    ...resultFilter,
    result_filter: maybe(Schema.Struct(resultFilter)),
    text_docs: maybe(Schema.Array(Schema.NullOr(Schema.String))),
    parameters: maybe(AlgorithmParameters),
  }),
)

const textDocs = ({ value }: Body): Outcome<PredictInput> =>
  Result.flatMap(readTextDocs(value), ({ text_docs, parameters, result_filter, ...asked }) => {
    if (text_docs == null || text_docs.length === 0)
      return refused('Empty text docs: text_docs is missing or has no document. Send {"text_docs": ["…"]}')
    const documents = { _tag: "TextDocs", text_docs, filter: result_filter ?? asked } as const
    return Result.succeed(
      parameters == null ? documents : { ...documents, parameters: new Map(algorithmParameters(parameters)) },
    )
  })

const algorithmParameters = ({ content_type, sparse_embedding_format }: AlgorithmParameters) =>
  Object.entries({ content_type, sparse_embedding_format: sparse_embedding_format ?? "WORD" }).flatMap(([name, word]) =>
    word == null ? [] : [[name, { _tag: "Text", text: word.toUpperCase() }] as const],
  )

const readTextSimilarity = Decode.decode(
  Schema.Struct({ query_text: maybe(Schema.String), text_docs: maybe(Schema.Array(Schema.NullOr(Schema.String))) }),
)

const textSimilarity = ({ value }: Body): Outcome<PredictInput> =>
  Result.flatMap(readTextSimilarity(value), ({ query_text, text_docs }) => {
    if (text_docs == null || text_docs.length === 0)
      return refused(
        'No text documents were provided: text_docs is missing or empty. Send {"query_text": "…", "text_docs": ["…"]}',
      )
    if (query_text == null)
      return refused('No query text was provided: query_text is missing. Send {"query_text": "…", "text_docs": ["…"]}')
    return Result.succeed({ _tag: "TextSimilarity", query_text, text_docs })
  })

const readQuestion = Decode.decode(Schema.Struct({ question: Schema.String, context: Schema.String }))

const questionAnswering = ({ value }: Body): Outcome<PredictInput> =>
  Result.map(readQuestion(value), (asked) => ({ _tag: "QuestionAnswering", ...asked }) as const)

const refused = (message: string): Outcome<never> => Result.fail(RequestError.from(new BadParameter({ message })))

const readers = {
  remote,
  text_embedding: textDocs,
  sparse_encoding: textDocs,
  sparse_tokenize: textDocs,
  text_similarity: textSimilarity,
  question_answering: questionAnswering,
} as const
