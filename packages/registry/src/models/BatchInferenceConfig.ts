/**
 * How the documents of one predict are split into several calls of the platform.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/remote-models/batching-requests/
 */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { isObject, type Json, type JsonObject, toText } from "@drawbar/json-text/Json"
import { Result, Schema } from "effect"

/** Each limit is from 1 on, or -1 for none. */
export const BatchInferenceConfig = Schema.Struct({
  max_items_per_request: Schema.optionalKey(Schema.Int),
  /** UTF-8 bytes of the texts alone. */
  max_bytes_per_request: Schema.optionalKey(Schema.Int),
})
export type BatchInferenceConfig = typeof BatchInferenceConfig.Type

const limits = ["max_items_per_request", "max_bytes_per_request"] as const
type Limit = (typeof limits)[number]

/** A queue that joins the calls of several callers, by the names that it has had. */
const queues = ["dynamic_batching", "queue"] as const

export const check = (given: JsonObject): Result.Result<BatchInferenceConfig, BlueprintError> =>
  Result.gen(function* () {
    for (const name of queues) yield* checkQueue(given[name], `/batch_inference_config/${name}`, name)
    const unknown = Object.keys(given).find((name) => ![...limits, ...queues].some((known) => known === name))
    if (unknown !== undefined)
      return yield* Result.fail(
        invalid(
          `/batch_inference_config/${unknown}`,
          `batch_inference_config has no field '${unknown}'. Use [${limits.join(", ")}]`,
        ),
      )
    const config: { [name in Limit]?: number } = {}
    for (const name of limits) {
      const limit = yield* limitIn(given, name)
      if (limit !== undefined) config[name] = limit
    }
    return config
  })

/** Refuses a queue that is asked for: it would be dropped without a word. */
export const checkQueue = (
  given: Json | undefined,
  pointer: string,
  name = "dynamic_batching",
): Result.Result<void, BlueprintError> =>
  given == null || given === false || (isObject(given) && given["enabled"] === false)
    ? Result.void
    : Result.fail(
        invalid(
          pointer,
          `${name} is not supported: predicts of several callers are not joined into one call. Leave it out; batch_inference_config splits the text_docs of one predict`,
        ),
      )

const limitIn = (given: JsonObject, name: Limit): Result.Result<number | undefined, BlueprintError> => {
  const value = given[name]
  if (value == null) return Result.succeed(undefined)
  const text = typeof value === "boolean" || typeof value === "object" ? toText(value) : String(value)
  const limit = /^(?:-1|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined
  return limit === undefined
    ? Result.fail(
        invalid(
          `/batch_inference_config/${name}`,
          `${name} must be a whole number from 1 to 999999999, or -1 for no limit`,
        ),
      )
    : Result.succeed(limit)
}
