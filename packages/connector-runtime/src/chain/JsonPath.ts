/** Finding, setting and removing places of a JSON value; every number keeps its digits. */
import * as Json from "@drawbar/blueprint-schema/Json"
import { Option, Result } from "effect"
import type { JSONValue } from "json-p3"
import type { Location } from "../JsonSource.ts"
import * as ResponseFilter from "../ResponseFilter.ts"
import { type Compiled, Inapplicable } from "./Step.ts"

export interface JsonPath {
  readonly definite: boolean
  readonly locations: (value: Json.Json) => ReadonlyArray<Location>
  /** The names and indices of a path that says them all, so that a place can be made that is not there yet. */
  readonly location: Option.Option<Location>
}

export const compile = (path: string): Compiled<JsonPath> =>
  Result.mapBoth(ResponseFilter.compile(path), {
    onSuccess: ({ query, definite }) => ({
      definite,
      // The library looks at numbers; where they stand is then found in the value that has their digits.
      locations: (value) => query.query(plain(value)).nodes.map((node) => node.location),
      location: definite ? stepsOf(path) : Option.none(),
    }),
    onFailure: (sentence) => sentence.replace("response_filter", `the path ${path}`),
  })

const plain = (value: Json.Json): JSONValue => JSON.parse(Json.stringify(value))

// A definite path of this dialect is names and indices only.
const stepsOf = (path: string): Option.Option<Location> => {
  const steps = [...path.matchAll(/\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(\d+))\]/g)].map(
    ([, plainName, one, two, i]) => (i === undefined ? (plainName ?? one ?? two ?? "") : Number(i)),
  )
  return steps.length === 0 ? Option.none() : Option.some(steps)
}

export const at = (value: Json.Json, location: Location): Json.Json =>
  location.reduce<Json.Json>((inner, step) => child(inner, step) ?? null, value)

const child = (value: Json.Json, step: string | number): Json.Json | undefined => {
  if (typeof step === "number") return Array.isArray(value) ? value[step] : undefined
  return Json.isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** The value with another at a place; objects on the way there are made where they are missing. */
export const put = (value: Json.Json, [step, ...rest]: Location, inner: Json.Json): Json.Json => {
  if (step === undefined) return inner
  if (Array.isArray(value) && typeof step === "number" && step < value.length)
    return value.with(step, put(value[step], rest, inner))
  if (!Json.isObject(value) || typeof step === "number") throw new Inapplicable()
  return { ...value, [step]: put(child(value, step) ?? {}, rest, inner) }
}

export const removed = (value: Json.Json, location: Location): Json.Json => {
  const step = location.at(-1)
  if (step === undefined) return value
  const holder = at(value, location.slice(0, -1))
  const without = Array.isArray(holder)
    ? holder.filter((_, i) => i !== step)
    : Object.fromEntries(Object.entries(Json.isObject(holder) ? holder : {}).filter(([name]) => name !== step))
  return put(value, location.slice(0, -1), without)
}
