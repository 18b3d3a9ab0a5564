/**
 * A search of one collection: OpenSearch's search body as data, and the result of a search.
 *
 * Source: https://docs.opensearch.org/latest/api-reference/search-apis/search/
 */
import { type Json, isObject, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { StoreError } from "../StoreError.ts"
import { type Aggregation, parseAggregations } from "./SearchAggregation.ts"
import { boolean, finite, integer, refuse, tokenOf } from "./SearchBody.ts"
import { parseQuery } from "./SearchClause.ts"
import { all, type SearchQuery } from "./SearchQuery.ts"
import { parseSort, type SortKey } from "./SearchSort.ts"
import { everything, parseSourceFilter, type SourceFilter } from "./SearchSource.ts"

export interface SearchRequest {
  readonly query: SearchQuery
  readonly from: number
  readonly size: number
  /** Hits with a lower score are excluded. */
  readonly minScore?: number
  /** Empty: by score. Equal hits are in order of creation. */
  readonly sort: ReadonlyArray<SortKey>
  /** The sort values of the last hit already returned, one for each sort key. */
  readonly searchAfter?: ReadonlyArray<SortValue>
  readonly source: SourceFilter
  /** How far to report the total: `false` omits it, a number is an upper limit. The result's total is always exact. */
  readonly trackTotalHits: boolean | number
  readonly aggregations: Readonly<Record<string, Aggregation>>
}

export type SortValue = string | number | null

export interface Hit {
  readonly id: string
  readonly version: number
  readonly seqNo: number
  /** `null` if the search is sorted and `_score` is not a sort key. */
  readonly score: number | null
  readonly sort?: ReadonlyArray<SortValue>
  /** Absent with `_source: false`. */
  readonly source?: JsonObject
}

export interface SearchResult {
  readonly total: number
  readonly maxScore: number | null
  readonly hits: ReadonlyArray<Hit>
  /** By the name given in the request, in the wire's form. */
  readonly aggregations: Readonly<Record<string, TermsBuckets | ValueCount>>
}

export interface ValueCount {
  readonly value: number
}

export interface TermsBuckets {
  readonly doc_count_error_upper_bound: 0
  readonly sum_other_doc_count: number
  readonly buckets: ReadonlyArray<{
    readonly key: string | number
    readonly key_as_string?: string
    readonly doc_count: number
  }>
}

/** Maximum of `from + size`; use `search_after` for deeper pages. */
export const maxWindow = 10_000

/** All records of a collection, ten per page: the meaning of an empty search body. */
export const matchAll: SearchRequest = {
  query: all,
  from: 0,
  size: 10,
  sort: [],
  source: everything,
  trackTotalHits: true,
  aggregations: {},
}

/** Parses a search body. Fails with `InvalidSearchQuery` in OpenSearch's words. */
export const parse = (body: Json): Result.Result<SearchRequest, StoreError> =>
  Result.gen(function* () {
    if (!isObject(body)) return yield* refuse(`Expected [START_OBJECT] but found [${tokenOf(body)}]`)
    const request = { ...matchAll }
    for (const [key, value] of Object.entries(body)) {
      if (ignored.has(key)) continue
      if (!isKey(key)) return yield* refuse(`Unknown key for a ${tokenOf(value)} in [${key}].`)
      Object.assign(request, yield* keys[key](value))
    }
    return yield* checked(request)
  })

type Part = Result.Result<Partial<SearchRequest>, StoreError>

const keys = {
  query: (value: Json): Part => Result.map(parseQuery(value), (query) => ({ query })),
  from: (value: Json): Part => Result.map(integer("from", value), (from) => ({ from })),
  size: (value: Json): Part => Result.map(integer("size", value), (size) => ({ size })),
  sort: (value: Json): Part => Result.map(parseSort(value), (sort) => ({ sort })),
  min_score: (value: Json): Part => Result.map(finite("min_score", value), (minScore) => ({ minScore })),
  search_after: (value: Json): Part => Result.map(parseSearchAfter(value), (searchAfter) => ({ searchAfter })),
  _source: (value: Json): Part => Result.map(parseSourceFilter(value), (source) => ({ source })),
  track_total_hits: (value: Json): Part =>
    typeof value === "number"
      ? Result.map(integer("track_total_hits", value), (trackTotalHits) => ({ trackTotalHits }))
      : Result.map(boolean("track_total_hits", value), (trackTotalHits) => ({ trackTotalHits })),
  aggs: (value: Json): Part => Result.map(parseAggregations(value), (aggregations) => ({ aggregations })),
  aggregations: (value: Json): Part => Result.map(parseAggregations(value), (aggregations) => ({ aggregations })),
}

const isKey = (key: string): key is keyof typeof keys => Object.hasOwn(keys, key)

/** Accepted without effect: every hit carries its version, and a search is never cut short. */
const ignored: ReadonlySet<string> = new Set([
  "version",
  "seq_no_primary_term",
  "timeout",
  "terminate_after",
  "track_scores",
  "explain",
  "profile",
  "stats",
])

const parseSearchAfter = (value: Json): Result.Result<ReadonlyArray<SortValue>, StoreError> =>
  Array.isArray(value) && value.every(isSortValue)
    ? Result.succeed(value)
    : refuse("[search_after] takes the [sort] values of the last hit: an array of strings, numbers or nulls")

const isSortValue = (value: Json): value is SortValue =>
  value === null || typeof value === "string" || typeof value === "number"

const checked = (request: SearchRequest): Result.Result<SearchRequest, StoreError> => {
  const { from, size, sort, searchAfter } = request
  if (from < 0) return illegal(`[from] parameter cannot be negative but was [${from}]`)
  if (size < 0) return illegal(`[size] parameter cannot be negative, found [${size}]`)
  if (from + size > maxWindow) {
    return illegal(
      `Result window is too large, from + size must be less than or equal to: [${maxWindow}] but was [${from + size}]. Go deeper with [search_after].`,
    )
  }
  if (searchAfter === undefined) return Result.succeed(request)
  if (sort.length === 0) return illegal("Sort must contain at least one field.")
  if (from > 0) return illegal("`from` parameter must be set to 0 when `search_after` is used.")
  if (searchAfter.length !== sort.length) {
    return illegal(`search_after has ${searchAfter.length} value(s) but sort has ${sort.length}.`)
  }
  return Result.succeed(request)
}

const illegal = (message: string) => refuse(message, "illegal_argument_exception")
