/** Finding, setting and removing places of a JSON value; every number keeps its digits. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Json from "@drawbar/json-text/Json"
import { Option, Result } from "effect"
import type { JSONValue } from "json-p3"
import { type WorkBudget, Exhausted } from "./WorkBudget.ts"
import type { Location } from "@drawbar/json-text/JsonSource"
import * as ResponseFilter from "../response/ResponseFilter.ts"
import { type Compiled, Inapplicable } from "./Step.ts"

export interface JsonPath {
  readonly definite: boolean
  /** It ends in a union of names, `['a','b']`. */
  readonly union: "one" | "many" | undefined
  readonly locations: (value: Json.Json) => ReadonlyArray<Location>
  /** The names and indices of a path that says them all, so that a place can be made that is not there yet. */
  readonly location: Option.Option<Location>
}

export const compile = (path: string, allowance: WorkBudget): Compiled<JsonPath> =>
  Result.mapBoth(ResponseFilter.compile(path, allowance), {
    onSuccess: ({ query }) => ({
      definite: query.isSingular,
      union: query.union,
      // The library looks at numbers; where they stand is then found in the value that has their digits.
      locations: (value) =>
        Result.getOrThrowWith(query.nodes(plain(value)), () => new Exhausted()).map(({ location }) => location),
      location: query.isSingular ? stepsOf(path) : Option.none(),
    }),
    onFailure: (sentence) => sentence.replace(Reserved.responseFilter, `the path ${path}`),
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

/** A value that is changed at one place after the other; each array or object is copied once, however many places lie in it. */
export class Draft {
  value: Json.Json
  readonly #copies = new Set<unknown>()

  constructor(value: Json.Json) {
    this.value = value
  }

  /** Puts another value at a place; objects on the way there are made where they are missing. */
  put(location: Location, inner: Json.Json): void {
    this.value = this.#within(this.value, location, 0, inner)
  }

  /** Takes places away, the last of them first, so that no index moves before its turn. */
  remove(locations: ReadonlyArray<Location>): void {
    const byHolder = new Map<string, { readonly holder: Location; readonly steps: Set<string | number> }>()
    for (const location of locations.toReversed()) {
      const step = location.at(-1)
      if (step === undefined) continue
      const holder = location.slice(0, -1)
      const key = JSON.stringify(holder)
      const held = byHolder.get(key) ?? { holder, steps: new Set() }
      byHolder.set(key, held)
      held.steps.add(step)
    }
    for (const { holder, steps } of byHolder.values()) this.put(holder, without(at(this.value, holder), steps))
  }

  #within(value: Json.Json, location: Location, depth: number, inner: Json.Json): Json.Json {
    const step = location[depth]
    if (step === undefined) return inner
    if (Array.isArray(value) && typeof step === "number" && step < value.length) {
      const copy = this.#copy(value, () => [...value])
      copy[step] = this.#within(value[step], location, depth + 1, inner)
      return copy
    }
    if (!Json.isObject(value) || typeof step === "number") throw new Inapplicable()
    const copy = this.#copy(value, () => ({ ...value }))
    const changed = this.#within(child(value, step) ?? {}, location, depth + 1, inner)
    // Not an assignment: assigning to `__proto__` would set the prototype.
    Object.defineProperty(copy, step, { value: changed, writable: true, enumerable: true, configurable: true })
    return copy
  }

  #copy<A extends object>(held: A, make: () => A): A {
    if (this.#copies.has(held)) return held
    const copy = make()
    this.#copies.add(copy)
    return copy
  }
}

const without = (holder: Json.Json, steps: ReadonlySet<string | number>): Json.Json =>
  Array.isArray(holder)
    ? holder.filter((_, i) => !steps.has(i))
    : Object.fromEntries(Object.entries(Json.isObject(holder) ? holder : {}).filter(([name]) => !steps.has(name)))
