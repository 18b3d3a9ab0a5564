/** The aggregations that registries need: `terms`, which counts by value, and `value_count`, which counts values. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import { integer, type Parsed, refuse, text, tokenOf } from "./SearchBody.ts"

export type Aggregation = Terms | { readonly _tag: "ValueCount"; readonly field: string }

export interface Terms {
  readonly _tag: "Terms"
  readonly field: string
  readonly size: number
  readonly minDocCount: number
  readonly order: ReadonlyArray<{ readonly by: "_count" | "_key"; readonly direction: "asc" | "desc" }>
}

export const maxAggregations = 16
/** The equivalent of `search.max_buckets`. */
export const maxBuckets = 10_000

export const parseAggregations = (body: Json): Parsed<Readonly<Record<string, Aggregation>>> => {
  if (!isObject(body)) return refuse(`Expected [START_OBJECT] under [aggs], but got a [${tokenOf(body)}]`)
  const entries = Object.entries(body)
  if (entries.length > maxAggregations) {
    return refuse(
      `[aggs] takes at most [${maxAggregations}] aggregations, found [${entries.length}]`,
      "illegal_argument_exception",
    )
  }
  return Result.map(
    Result.all(
      entries.map(([name, value]) => Result.map(parseAggregation(name, value), (found) => [name, found] as const)),
    ),
    (found) => Object.fromEntries(found),
  )
}

const parseAggregation = (name: string, body: Json): Parsed<Aggregation> => {
  if (!isObject(body)) return refuse(`Expected [START_OBJECT] under [${name}], but got a [${tokenOf(body)}]`)
  const { terms, value_count, meta: _meta, ...others } = body
  const [other] = Object.keys(others)
  if (other === "aggs" || other === "aggregations") {
    return refuse(`Aggregation [${name}] holds a sub-aggregation: Drawbar counts by one field at a time`)
  }
  if (other !== undefined) return refuse(`Unknown aggregation type [${other}]: Drawbar has [terms] and [value_count]`)
  if (value_count !== undefined)
    return terms === undefined
      ? parseValueCount(name, value_count)
      : refuse(`Found two aggregation type definitions in [${name}]: [terms] and [value_count]`)
  if (terms === undefined) return refuse(`Missing definition for aggregation [${name}]`)
  return isObject(terms)
    ? parseTerms(name, terms)
    : refuse(`Expected [START_OBJECT] under [${name}.terms], but got a [${tokenOf(terms)}]`)
}

const parseValueCount = (name: string, body: Json): Parsed<Aggregation> => {
  if (!isObject(body))
    return refuse(`Expected [START_OBJECT] under [${name}.value_count], but got a [${tokenOf(body)}]`)
  const { field, ...others } = body
  const [other] = Object.keys(others)
  if (other !== undefined) return refuse(`[value_count] unknown field [${other}]`)
  return field === undefined
    ? noField(name)
    : Result.map(text("field", field), (path) => ({ _tag: "ValueCount", field: path }))
}

const noField = (name: string) =>
  refuse(`Required one of fields [field], but none were specified for [${name}]`, "illegal_argument_exception")

const parseTerms = (name: string, body: JsonObject): Parsed<Aggregation> =>
  Result.gen(function* () {
    const { field, size = 10, min_doc_count = 1, order, shard_size: _shards, ...others } = body
    const [other] = Object.keys(others)
    if (other !== undefined) return yield* refuse(`[terms] unknown field [${other}]`)
    if (field === undefined) return yield* noField(name)
    const buckets = yield* integer("size", size)
    if (buckets < 1 || buckets > maxBuckets) {
      return yield* refuse(
        `[size] must be between [1] and [${maxBuckets}]. Found [${buckets}] in [${name}]`,
        "illegal_argument_exception",
      )
    }
    const minDocCount = yield* integer("min_doc_count", min_doc_count)
    if (minDocCount < 1) {
      return yield* refuse(
        `[min_doc_count] must be at least [1]. Found [${minDocCount}] in [${name}]`,
        "illegal_argument_exception",
      )
    }
    return {
      _tag: "Terms",
      field: yield* text("field", field),
      size: buckets,
      minDocCount,
      order: yield* parseOrders(order),
    }
  })

const parseOrders = (body: Json | undefined): Parsed<Terms["order"]> => {
  if (body === undefined) return Result.succeed([{ by: "_count", direction: "desc" }])
  return Result.map(Result.all((Array.isArray(body) ? body : [body]).map((item: Json) => parseOrder(item))), (lists) =>
    lists.flat(),
  )
}

const parseOrder = (body: Json): Parsed<Terms["order"]> =>
  isObject(body)
    ? Result.all(
        Object.entries(body).map(([by, direction]) =>
          (by === "_count" || by === "_key") && (direction === "asc" || direction === "desc")
            ? Result.succeed({ by, direction } as const)
            : refuse(
                `Invalid terms aggregation order [${by}]: [_count] or [_key] with [asc] or [desc] was expected`,
                "illegal_argument_exception",
              ),
        ),
      )
    : refuse(`Expected [START_OBJECT] for [order], but got a [${tokenOf(body)}]`)
