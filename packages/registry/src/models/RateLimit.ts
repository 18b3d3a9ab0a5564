/** How often a model may be called: `limit` calls a `unit`. Both are needed to take effect. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { type JsonObject, toText } from "@drawbar/json-text/Json"
import { Result, Schema } from "effect"

const units = ["DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS", "MICROSECONDS", "NANOSECONDS"] as const

export const RateLimit = Schema.Struct({
  /** A number as text, not negative. */
  limit: Schema.optionalKey(Schema.String),
  unit: Schema.optionalKey(Schema.Literals(units)),
})
export type RateLimit = typeof RateLimit.Type

/** Reads `{"limit": 4 or "4", "unit": "MINUTES"}`, either of which may be missing; the unit in any case. */
export const check = (given: JsonObject): Result.Result<RateLimit, BlueprintError> =>
  Result.gen(function* () {
    const limit = given["limit"] == null ? undefined : toText(given["limit"]).trim()
    if (limit !== undefined && !/^\d{1,15}(\.\d{1,15})?$/.test(limit))
      return yield* Result.fail(
        invalid("/rate_limiter/limit", "Limit field must be a positive number.", "parse_exception"),
      )
    const named = given["unit"] == null ? undefined : toText(given["unit"])
    const unit = units.find((known) => known === named?.toUpperCase())
    if (named !== undefined && unit === undefined)
      return yield* Result.fail(
        invalid("/rate_limiter/unit", `Wrong time unit of ${named}. Please use one of [${units.join(", ")}]`),
      )
    return { ...(limit === undefined ? {} : { limit }), ...(unit === undefined ? {} : { unit }) }
  })
