/** Steps that have chains of their own. */
import * as Json from "@drawbar/json-text/Json"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Result } from "effect"
import type { WorkBudget } from "./WorkBudget.ts"
import * as JsonPath from "./JsonPath.ts"
import { pathIn, setAll } from "./JsonSteps.ts"
import { type Compiled, documentOf, Inapplicable, type Make, type Step, text, textOf } from "./Step.ts"
import { regex } from "./TextSteps.ts"

/** Takes the first route whose condition holds of the value, or of what stands at `path`. */
export const conditional: Make = (config, { chain, allowance }) =>
  Result.gen(function* () {
    const path = config["path"] == null ? undefined : yield* JsonPath.compile(textOf(config["path"]), allowance)
    const given = Array.isArray(config["routes"]) ? config["routes"] : []
    const entries = given.flatMap((route) => (Json.isObject(route) ? Object.entries(route) : []))
    if (entries.length === 0)
      return yield* Result.fail("'routes' must contain at least one route for conditional processor")
    const routes: Array<{ readonly holds: Condition; readonly run: Step }> = []
    for (const [condition, steps] of entries)
      routes.push({ holds: yield* conditionOf(condition, allowance), run: yield* chain(steps) })
    const otherwise = yield* chain(config["default"] ?? [])
    return (value) => {
      const looked = path === undefined ? value : lookedUp(path, documentOf(value))
      return (routes.find(({ holds }) => holds(looked))?.run ?? otherwise)(value)
    }
  })

/** Runs a chain on the value and puts its result at `path`. */
export const processAndSet: Make = (config, { chain, allowance, sizes }) =>
  Result.gen(function* () {
    const path = yield* pathIn(config, allowance)
    const run = yield* chain(config["processors"])
    return (value) => setAll(documentOf(value), path, run(value), { allowance, sizes })
  })

/** Runs a chain on each item of a list. */
export const forEach: Make = (config, { chain, allowance, sizes }) =>
  Result.gen(function* () {
    const written = yield* text(config, "path")
    if (!written.includes("[*]"))
      return yield* Result.fail(`'path' must contain '[*]' to indicate array iteration, got: ${written}`)
    const path = yield* JsonPath.compile(written, allowance)
    const run = yield* chain(config["processors"])
    return (value) => {
      const document = documentOf(value)
      const draft = new JsonPath.Draft(document)
      let size = 0
      for (const location of path.locations(document)) {
        const made = attempt(run, JsonPath.at(document, location))
        size += sizes.of(made)
        allowance.produce(size)
        draft.put(location, made)
      }
      return draft.value
    }
  })

/** What a step makes of a value, or the value where it cannot. */
export const attempt = (step: Step, value: Json.Json): Json.Json => {
  try {
    return step(value)
  } catch (cause) {
    if (cause instanceof Inapplicable) return value
    throw cause
  }
}

const lookedUp = (path: JsonPath.JsonPath, document: Json.Json): Json.Json => {
  const found = path.locations(document).map((location) => JsonPath.at(document, location))
  return path.definite ? (found[0] ?? null) : found
}

type Condition = (value: Json.Json) => boolean

const isAbsent: Condition = (value) => value === null || (Array.isArray(value) && value.length === 0)

const conditionOf = (condition: string, allowance: WorkBudget): Compiled<Condition> => {
  if (condition === "null" || condition === "not_exists") return Result.succeed(isAbsent)
  if (condition === "exists") return Result.succeed((value) => !isAbsent(value))
  const present =
    (holds: (value: string) => boolean): Condition =>
    (value) =>
      !isAbsent(value) && holds(textOf(value))
  if (condition.startsWith("regex:"))
    return Result.map(regex(condition.slice(6), allowance), (pattern) =>
      present((value) => {
        allowance.spend(Pattern.work(pattern, value))
        return pattern.testExact(value)
      }),
    )
  if (condition.startsWith("contains:")) return Result.succeed(present((value) => value.includes(condition.slice(9))))
  const [, sign = "", limit = ""] = /^(>=|<=|==|>|<)\s*(-?\d.*)$/.exec(condition) ?? []
  const compare = comparisons[sign]
  return Result.succeed(
    present(
      (value) =>
        value === condition || (compare !== undefined && value.trim() !== "" && compare(Number(value), Number(limit))),
    ),
  )
}

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  ">": (value, limit) => value > limit,
  "<": (value, limit) => value < limit,
  ">=": (value, limit) => value >= limit,
  "<=": (value, limit) => value <= limit,
  "==": (value, limit) => Math.abs(value - limit) < 1e-10,
}
