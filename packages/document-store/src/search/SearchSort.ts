/** The order of hits: OpenSearch's `sort` in all its forms. */
import { isObject, type Json } from "@drawbar/json-text/Json"
import { Result } from "effect"
import { type Parsed, refuse, tokenOf } from "./SearchBody.ts"

export interface SortKey {
  /** A field's path, or `_score`, `_id`, `_doc`. */
  readonly field: string
  readonly order: "asc" | "desc"
  /** The position of records without the field, or a value to use instead. */
  readonly missing: "_first" | "_last" | { readonly value: string | number }
  /** Whether to treat a field that no record has as missing; otherwise it is rejected. */
  readonly mayBeUnknown?: boolean
}

export const maxSortKeys = 16

/** Reads one key or a list of keys, each `"field"`, `{"field":"desc"}` or `{"field":{"order":"desc"}}`. */
export const parseSort = (body: Json): Parsed<ReadonlyArray<SortKey>> =>
  Result.flatMap(Result.all((Array.isArray(body) ? body : [body]).map((item: Json) => parseKeys(item))), (lists) => {
    const keys = lists.flat()
    return keys.length > maxSortKeys
      ? refuse(`[sort] takes at most [${maxSortKeys}] keys, found [${keys.length}]`, "illegal_argument_exception")
      : Result.succeed(keys)
  })

const parseKeys = (item: Json): Parsed<ReadonlyArray<SortKey>> => {
  if (typeof item === "string") return Result.succeed([key(item)])
  if (!isObject(item))
    return refuse(
      `malformed sort format, within the sort array, an object, or an actual string are allowed, found [${tokenOf(item)}]`,
    )
  return Result.all(Object.entries(item).map(([field, value]) => parseKey(field, value)))
}

const key = (field: string, order: SortKey["order"] = field === "_score" ? "desc" : "asc"): SortKey => ({
  field,
  order,
  missing: "_last",
})

const parseKey = (field: string, value: Json): Parsed<SortKey> =>
  Result.gen(function* () {
    if (!isObject(value)) return key(field, yield* parseOrder(value))
    let { order, missing } = key(field)
    const mayBeUnknown = Object.hasOwn(value, "unmapped_type")
    for (const [name, option] of Object.entries(value)) {
      if (name === "order") order = yield* parseOrder(option)
      else if (name === "missing") missing = yield* parseMissing(option)
      else if (!ignored.has(name)) return yield* refuse(`[field_sort] unknown field [${name}]`)
    }
    return { field, order, missing, mayBeUnknown }
  })

/** If a field has several values, the first in sort order counts, which is the default of `mode`. */
const ignored: ReadonlySet<string> = new Set(["unmapped_type", "mode", "format", "numeric_type", "nested"])

const parseOrder = (value: Json): Parsed<SortKey["order"]> => {
  const order = typeof value === "string" ? value.toLowerCase() : value
  return order === "asc" || order === "desc"
    ? Result.succeed(order)
    : refuse(`[sort] order must be [asc] or [desc]`, "illegal_argument_exception")
}

const parseMissing = (value: Json): Parsed<SortKey["missing"]> => {
  if (value === "_first" || value === "_last") return Result.succeed(value)
  return typeof value === "string" || typeof value === "number"
    ? Result.succeed({ value })
    : refuse(`[sort] missing must be [_first], [_last] or a value, found [${tokenOf(value)}]`)
}
