/** What may not be sent to a model, or come back from it: patterns, or another model that judges. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Result, Schema } from "effect"
import * as JsonField from "../records/JsonField.ts"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Side = Schema.Struct({
  stop_words: maybe(Schema.Array(JsonField.AnyObject)),
  /** Each matches a whole text that is forbidden. */
  regex: maybe(Schema.Array(Schema.String)),
  model_id: maybe(Schema.String),
  response_filter: maybe(Schema.String),
  /** Matches the whole judgement that lets pass. */
  response_validation_regex: maybe(Schema.String),
})
type Side = typeof Side.Type

export const ModelGuardrails = Schema.Struct({
  type: Schema.Literals(["local_regex", "model"]),
  input_guardrail: maybe(Side),
  output_guardrail: maybe(Side),
})
export type ModelGuardrails = typeof ModelGuardrails.Type

const read = decode(ModelGuardrails)

/** Reads `guardrails`; what could not be enforced is refused. */
export const check = (given: JsonObject): Result.Result<ModelGuardrails, BlueprintError> =>
  Result.gen(function* () {
    const { type = "local_regex" } = given
    // The text is the wire's; that a type may be missing is so too.
    if (type !== "local_regex" && type !== "model")
      return yield* refuse("/type", "The type of guardrails is required, can not be null.")
    const guardrails = yield* Result.mapError(read({ ...given, type }), ({ message }) =>
      invalid("/guardrails", `guardrails: ${message}`),
    )
    for (const name of ["input_guardrail", "output_guardrail"] as const) {
      const side = guardrails[name]
      if (side != null) yield* type === "model" ? checkJudge(side, `/${name}`) : checkPatterns(side, `/${name}`)
    }
    return guardrails
  })

const checkPatterns = ({ stop_words, regex }: Side, at: string): Result.Result<void, BlueprintError> => {
  if ((stop_words ?? []).length > 0)
    return refuse(
      `${at}/stop_words`,
      "stop_words name an index of a cluster, which Drawbar has not. Write the words as regex, such as (?i).*word.*",
    )
  if ((regex ?? []).length > mostPatterns)
    return refuse(`${at}/regex`, `A guardrail takes at most ${mostPatterns} patterns. Join them with |`)
  return Result.map(
    Result.all((regex ?? []).map((pattern, i) => checkPattern(pattern, `${at}/regex/${i}`))),
    () => undefined,
  )
}

/** Each pattern scans the whole of every call and blocks the event loop meanwhile. */
const mostPatterns = 1_000

const checkJudge = (side: Side, at: string): Result.Result<void, BlueprintError> => {
  if (side.model_id == null || side.model_id === "")
    return refuse(`${at}/model_id`, "A guardrail of type model needs the model_id of the model that judges")
  return side.response_validation_regex == null
    ? refuse(
        `${at}/response_validation_regex`,
        "A guardrail of type model needs response_validation_regex: what lets pass",
      )
    : checkPattern(side.response_validation_regex, `${at}/response_validation_regex`)
}

const checkPattern = (pattern: string, at: string): Result.Result<void, BlueprintError> =>
  Result.mapBoth(Pattern.compile(pattern), {
    onSuccess: () => undefined,
    onFailure: (why) => invalid(`/guardrails${at}`, `Invalid regex pattern: ${pattern} (${why})`),
  })

const refuse = (at: string, message: string) => Result.fail(invalid(`/guardrails${at}`, message))
