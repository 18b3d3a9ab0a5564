/** Which parts of a record a hit shows: OpenSearch's `_source`, with `*` in field names. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import { type Parsed, refuse, strings, tokenOf } from "./SearchBody.ts"
import * as SearchPattern from "./SearchPattern.ts"

export type SourceFilter =
  | false
  | { readonly includes: ReadonlyArray<string>; readonly excludes: ReadonlyArray<string> }

export const everything: SourceFilter = { includes: [], excludes: [] }

export const parseSourceFilter = (value: Json): Parsed<SourceFilter> => {
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
 * The record as a filter leaves it, or `undefined` where nothing was to be shown.
 * A pattern that names an object takes all of it; an exclusion outweighs an inclusion.
 */
export const applySourceFilter = (filter: SourceFilter, source: JsonObject): JsonObject | undefined => {
  if (filter === false) return undefined
  if (filter.includes.length === 0 && filter.excludes.length === 0) return source
  const includes = filter.includes.map(SearchPattern.parse)
  const excludes = filter.excludes.map(SearchPattern.parse)
  return keep(source, "", includes.length === 0, (path) => ({
    included: named(includes, path),
    excluded: named(excludes, path),
  }))
}

const named = (patterns: ReadonlyArray<SearchPattern.SearchPattern>, path: string) =>
  patterns.some((pattern) => SearchPattern.matches(pattern, path))

type Judge = (path: string) => { readonly included: boolean; readonly excluded: boolean }

const keep = (object: JsonObject, prefix: string, whole: boolean, judge: Judge): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => {
      const path = prefix + key
      const { included, excluded } = judge(path)
      if (excluded) return []
      const kept = keepValue(value, `${path}.`, whole || included, judge)
      return kept === undefined ? [] : [[key, kept]]
    }),
  )

/** A leaf stays if it or what holds it was named; an object that was not named stays for what is named within it. */
const keepValue = (value: Json, prefix: string, whole: boolean, judge: Judge): Json | undefined => {
  if (isObject(value)) {
    const kept = keep(value, prefix, whole, judge)
    return whole || Object.keys(kept).length > 0 ? kept : undefined
  }
  if (Array.isArray(value)) {
    const kept = value.flatMap((item: Json) => {
      const inner = keepValue(item, prefix, whole, judge)
      return inner === undefined ? [] : [inner]
    })
    return whole || kept.length > 0 ? kept : undefined
  }
  return whole ? value : undefined
}
