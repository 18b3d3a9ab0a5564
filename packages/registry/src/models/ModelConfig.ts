/** What a model is said to be: its type, and for embeddings their dimension and space. Clients read it to build an index. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import { isObject, type JsonObject, parse } from "@drawbar/json-text/Json"
import { Result, Schema } from "effect"
import * as JsonField from "../records/JsonField.ts"
import * as NumberField from "../records/NumberField.ts"

const frameworks = ["SENTENCE_TRANSFORMERS", "HUGGINGFACE_TRANSFORMERS"] as const
const poolingModes = ["MEAN", "MEAN_SQRT_LEN", "MAX", "WEIGHTED_MEAN", "CLS", "LAST_TOKEN"] as const

export const ModelConfig = Schema.Struct({
  model_type: Schema.optionalKey(Schema.String),
  embedding_dimension: Schema.optionalKey(NumberField.Int32),
  framework_type: Schema.optionalKey(Schema.Literals(frameworks)),
  /** JSON as text. */
  all_config: Schema.optionalKey(Schema.String),
  pooling_mode: Schema.optionalKey(Schema.Literals(poolingModes)),
  normalize_result: Schema.optionalKey(Schema.Boolean),
  model_max_length: Schema.optionalKey(NumberField.Int32),
  additional_config: Schema.optionalKey(JsonField.AnyObject),
})
export type ModelConfig = typeof ModelConfig.Type

/** Reads a whole `model_config`; a text embedding must say all that an index needs to know of it. */
export const check = (given: JsonObject): Result.Result<ModelConfig, BlueprintError> =>
  Result.gen(function* () {
    const config = yield* Result.mapError(decodeConfig(withNamesInUpperCase(given)), ({ reason }) =>
      reason._tag === "InvalidField"
        ? invalid(`/model_config${reason.pointer}`, reason.message)
        : invalid("/model_config", reason.message),
    )
    const additional = config.additional_config ?? {}
    const textEmbedding = config.model_type?.toLowerCase() === "text_embedding"
    if (textEmbedding && config.embedding_dimension === undefined)
      return yield* missing("embedding_dimension", "Embedding dimension must be provided")
    if (textEmbedding && config.framework_type === undefined)
      return yield* missing("framework_type", "Framework type must be provided")
    if (textEmbedding && additional["space_type"] == null)
      return yield* missing("additional_config/space_type", "Space type must be provided in additional_config")
    const twice = Object.keys(additional).filter((name) => Object.hasOwn(keysOf(config.all_config), name))
    return twice.length === 0
      ? config
      : yield* Result.fail(
          invalid(
            "/model_config",
            `Duplicate keys found in both all_config and additional_config: ${twice.join(", ")}`,
          ),
        )
  })

const missing = (field: string, what: string) =>
  Result.fail(invalid(`/model_config/${field}`, `${what} for remote text embedding model`))

const decodeConfig = decode(ModelConfig)

const withNamesInUpperCase = (given: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      if (value === null) return []
      const isName = name === "framework_type" || name === "pooling_mode"
      return [[name, isName && typeof value === "string" ? value.toUpperCase() : value]]
    }),
  )

const keysOf = (text: string | undefined): JsonObject => {
  const value = Result.getOrElse(parse(text ?? "{}"), () => ({}))
  return isObject(value) ? value : {}
}
