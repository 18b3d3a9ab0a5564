/** The parts of a record that a hit returns: OpenSearch's `_source`, with `*` in field names. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as StoreBounds from "../StoreBounds.ts"
import { type Parsed, refuse, strings, tokenOf } from "./SearchBody.ts"
import * as SearchPattern from "./SearchPattern.ts"

export type SourceFilter =
  | false
  | { readonly includes: ReadonlyArray<string>; readonly excludes: ReadonlyArray<string> }

export const everything: SourceFilter = { includes: [], excludes: [] }

export const parseSourceFilter = (value: Json): Parsed<SourceFilter> => Result.flatMap(readFilter(value), bounded)

const bounded = (filter: SourceFilter): Parsed<SourceFilter> => {
  if (filter === false) return Result.succeed(filter)
  const patterns = [...filter.includes, ...filter.excludes]
  if (patterns.length > StoreBounds.sourcePatterns)
    return refuse(
      `[_source] takes at most [${StoreBounds.sourcePatterns}] patterns, found [${patterns.length}]`,
      "illegal_argument_exception",
    )
  return patterns.some(({ length }) => length > StoreBounds.patternLength)
    ? refuse(
        `[_source] takes patterns of at most [${StoreBounds.patternLength}] characters`,
        "illegal_argument_exception",
      )
    : Result.succeed(filter)
}

const readFilter = (value: Json): Parsed<SourceFilter> => {
  if (value === true) return Result.succeed(everything)
  if (value === false) return Result.succeed(false)
  if (typeof value === "string" || Array.isArray(value)) {
    return Result.map(strings("_source", value), (includes) => ({ includes, excludes: [] }))
  }
  if (!isObject(value)) {
    return refuse(
      `Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [${tokenOf(value)}]`,
    )
  }
  return Result.gen(function* () {
    const lists: Record<"includes" | "excludes", ReadonlyArray<string>> = { includes: [], excludes: [] }
    for (const [key, patterns] of Object.entries(value)) {
      if (key === "includes" || key === "include") lists.includes = yield* strings(key, patterns)
      else if (key === "excludes" || key === "exclude") lists.excludes = yield* strings(key, patterns)
      else return yield* refuse(`Unknown key for a ${tokenOf(patterns)} in [${key}].`)
    }
    return lists
  })
}

/**
 * Extracts the parts of a record that a filter selects, and records the cost; undefined if the filter selects nothing.
 */
export type SourceReader = (source: JsonObject, spend: (steps: number) => void) => JsonObject | undefined

/**
 * Compiles a filter's patterns once, to apply to many records. A pattern that names an object selects all of it; an
 * exclusion takes precedence over an inclusion.
 */
export const compileSourceFilter = (filter: SourceFilter): SourceReader => {
  if (filter === false) return () => undefined
  if (filter.includes.length === 0 && filter.excludes.length === 0) return (source) => source
  const includes = SearchPattern.PatternSet.of(filter.includes.map(SearchPattern.parse))
  const excludes = SearchPattern.PatternSet.of(filter.excludes.map(SearchPattern.parse))
  return (source, spend) =>
    keep(source, { includes, excludes, spend }, includes.start, excludes.start, filter.includes.length === 0)
}

interface Filter {
  readonly includes: SearchPattern.PatternSet
  readonly excludes: SearchPattern.PatternSet
  readonly spend: (steps: number) => void
}

const keep = (
  object: JsonObject,
  filter: Filter,
  included: SearchPattern.Places,
  excluded: SearchPattern.Places,
  whole: boolean,
): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => {
      const { includes, excludes, spend } = filter
      spend(includes.cost(key) + excludes.cost(key))
      const out = excludes.advance(excluded, key)
      if (excludes.accepts(out)) return []
      const into = whole ? included : includes.advance(included, key)
      const all = whole || includes.accepts(into)
      const kept = keepValue(value, filter, all ? into : includes.advance(into, "."), excludes.advance(out, "."), all)
      return kept === undefined ? [] : [[key, kept]]
    }),
  )

/**
 * A leaf is kept if it or an object around it was named; an object that was not named is kept if it contains a named
 * leaf.
 */
const keepValue = (
  value: Json,
  filter: Filter,
  included: SearchPattern.Places,
  excluded: SearchPattern.Places,
  whole: boolean,
): Json | undefined => {
  // If no pattern can match any more, everything below is kept or removed as a whole.
  if (whole && SearchPattern.isDead(excluded)) return value
  if (!whole && SearchPattern.isDead(included)) return undefined
  if (isObject(value)) {
    const kept = keep(value, filter, included, excluded, whole)
    return whole || Object.keys(kept).length > 0 ? kept : undefined
  }
  if (Array.isArray(value)) {
    filter.spend(value.length)
    const kept = value.flatMap((item: Json) => {
      const inner = keepValue(item, filter, included, excluded, whole)
      return inner === undefined ? [] : [inner]
    })
    return whole || kept.length > 0 ? kept : undefined
  }
  return whole ? value : undefined
}
