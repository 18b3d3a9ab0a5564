/** Which upstreams stand behind a model beside its own connector: shares of its calls, and who answers where one cannot. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import * as EditDistance from "@drawbar/blueprint-schema/EditDistance"
import { isObject, type Json, type JsonObject, toText } from "@drawbar/json-text/Json"
import { Result, Schema } from "effect"

const policies = ["weighted", "least_latency"] as const

/**
 * Why another target may be asked. `connect_failure`: no connection, or it broke before the response was whole. `timeout`: the response
 * did not come in time. `rate_limited`: 429, or what stands for it. `server_error`: 5xx. `circuit_open`: the origin is not asked at
 * present. `context_too_long`: the input is too long for that provider's model.
 */
export const fallbackClasses = [
  "connect_failure",
  "timeout",
  "rate_limited",
  "server_error",
  "circuit_open",
  "context_too_long",
] as const
export type FallbackClass = (typeof fallbackClasses)[number]

/** Targets and fallbacks of one model together, its own connector not counted. */
const maxTargets = 16
/** So that shares of a call stay exact. */
const maxWeight = 10_000

const Weight = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: maxWeight }))

/** One of both: a connector, or another model. */
const named = { connector_id: Schema.optionalKey(Schema.String), model_id: Schema.optionalKey(Schema.String) }
const Target = Schema.Struct(named)
export type Target = typeof Target.Type

export const ModelRouting = Schema.Struct({
  policy: Schema.optionalKey(Schema.Literals(policies)),
  /** Of the model's own connector; 1 where absent. */
  weight: Schema.optionalKey(Weight),
  targets: Schema.optionalKey(Schema.Array(Schema.Struct({ ...named, weight: Schema.optionalKey(Weight) }))),
  /** In order. */
  fallback: Schema.optionalKey(Schema.Array(Target)),
  /** All where absent. */
  fallback_on: Schema.optionalKey(Schema.Array(Schema.Literals(fallbackClasses))),
})
export type ModelRouting = typeof ModelRouting.Type

const fields = ["policy", "weight", "targets", "fallback", "fallback_on"] as const

/** Every target that a routing names, in its order. */
export const targetsOf = ({ targets = [], fallback = [] }: ModelRouting): ReadonlyArray<Target> => [
  ...targets,
  ...fallback,
]

/** Reads a whole `routing`. */
export const check = (given: JsonObject): Result.Result<ModelRouting, BlueprintError> =>
  Result.gen(function* () {
    yield* onlyFields(given, fields, "")
    const { policy } = given
    if (policy !== undefined && !isOneOf(policies, policy))
      return yield* refuse("/policy", `policy must be one of [${policies.join(", ")}]`)
    const weight = yield* weightIn(given, "")
    const targets = yield* listIn(given, "targets")
    const fallback = yield* listIn(given, "fallback")
    if (targets.length + fallback.length > maxTargets)
      return yield* refuse(
        "",
        `routing has ${targets.length + fallback.length} targets and fallbacks, and takes at most ${maxTargets} together`,
      )
    const routing: ModelRouting = {
      ...(policy === undefined ? {} : { policy }),
      ...(weight === undefined ? {} : { weight }),
      ...(given["targets"] === undefined
        ? {}
        : { targets: yield* each(targets, (one, at) => weighted(one, `/targets/${at}`)) }),
      ...(given["fallback"] === undefined
        ? {}
        : {
            fallback: yield* each(fallback, (one, at) => target(one, `/fallback/${at}`, ["connector_id", "model_id"])),
          }),
      ...(given["fallback_on"] === undefined ? {} : { fallback_on: yield* classesIn(given) }),
    }
    yield* onlyOnce(routing)
    return routing
  })

/** Fails where the model's own connector has two weights, or no target takes a call. */
export const checkOwn = (
  { weight, targets = [], fallback = [] }: ModelRouting,
  connectorId: string | undefined,
): Result.Result<void, BlueprintError> => {
  const isOwn = ({ connector_id }: Target) => connector_id !== undefined && connector_id === connectorId
  const own = targets.find(isOwn)
  if (own !== undefined && weight !== undefined)
    return refuse(
      "/weight",
      "The model's own connector is one of the targets, and has its weight there: leave weight out",
    )
  const ownWeight = own?.weight ?? weight ?? (fallback.some(isOwn) ? 0 : 1)
  return targets.every((one) => one.weight === 0) && ownWeight === 0
    ? refuse("/targets", "No target has a weight above 0, so that none would take a call")
    : Result.void
}

const weighted = (given: JsonObject, at: string) =>
  Result.gen(function* () {
    const named = yield* target(given, at, ["connector_id", "model_id", "weight"])
    const weight = yield* weightIn(given, at)
    return { ...named, ...(weight === undefined ? {} : { weight }) }
  })

const target = (given: JsonObject, at: string, known: ReadonlyArray<string>): Result.Result<Target, BlueprintError> =>
  Result.gen(function* () {
    yield* onlyFields(given, known, at)
    const { connector_id, model_id } = given
    const [name, id] = connector_id === undefined ? ["model_id", model_id] : ["connector_id", connector_id]
    if ((connector_id === undefined) === (model_id === undefined))
      return yield* refuse(at, "A target names either a connector_id or a model_id")
    if (typeof id !== "string" || id === "") return yield* refuse(`${at}/${name}`, `${name} must be the id of one`)
    return connector_id === undefined ? { model_id: id } : { connector_id: id }
  })

const weightIn = (given: JsonObject, at: string): Result.Result<number | undefined, BlueprintError> => {
  const value = given["weight"]
  if (value === undefined) return Result.succeed(undefined)
  const weight = isObject(value) || typeof value === "boolean" ? NaN : Number(toText(value))
  return weight >= 0 && weight <= maxWeight
    ? Result.succeed(weight)
    : refuse(`${at}/weight`, `weight must be a number from 0 to ${maxWeight}; 0 takes no call`)
}

const classesIn = (given: JsonObject): Result.Result<ReadonlyArray<FallbackClass>, BlueprintError> => {
  const list = given["fallback_on"]
  const wrong = Array.isArray(list) ? list.find((name) => !isOneOf(fallbackClasses, name)) : list
  return Array.isArray(list) && wrong === undefined
    ? Result.succeed(fallbackClasses.filter((name) => list.includes(name)))
    : refuse("/fallback_on", `fallback_on must be a list of [${fallbackClasses.join(", ")}]`)
}

const listIn = (given: JsonObject, name: string): Result.Result<ReadonlyArray<JsonObject>, BlueprintError> => {
  const list = given[name] ?? []
  return Array.isArray(list) && list.every(isObject)
    ? Result.succeed(list)
    : refuse(`/${name}`, `${name} must be a list of objects, each with a connector_id or a model_id`)
}

const each = <A>(
  list: ReadonlyArray<JsonObject>,
  read: (one: JsonObject, at: number) => Result.Result<A, BlueprintError>,
) => Result.all(list.map(read))

/** A target that is named twice would be asked twice for one call. */
const onlyOnce = (routing: ModelRouting): Result.Result<void, BlueprintError> => {
  const seen = new Set<string>()
  for (const one of targetsOf(routing)) {
    const name = JSON.stringify(
      one.connector_id === undefined ? ["model", one.model_id] : ["connector", one.connector_id],
    )
    if (seen.has(name)) return refuse("", `${one.connector_id ?? one.model_id} is named twice: name each target once`)
    seen.add(name)
  }
  return Result.void
}

const onlyFields = (
  given: JsonObject,
  known: ReadonlyArray<string>,
  at: string,
): Result.Result<void, BlueprintError> => {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return Result.void
  const near = known.find((name) => unknown.length < 40 && EditDistance.of(name, unknown) <= 2)
  const what = at === "" ? "routing" : "A target"
  return refuse(
    at,
    `${what} has no field '${unknown}'. ${near === undefined ? `Use [${known.join(", ")}]` : `Did you mean '${near}'?`}`,
  )
}

const isOneOf = <A extends Json>(known: ReadonlyArray<A>, value: Json): value is A => known.some((one) => one === value)

const refuse = (at: string, message: string) => Result.fail(invalid(`/routing${at}`, message))
