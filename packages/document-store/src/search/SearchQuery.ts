/**
 * A query: which records it finds and how they score; OpenSearch's query language as data.
 *
 * Source: https://docs.opensearch.org/latest/query-dsl/
 */
import type { Pattern } from "@drawbar/linear-regex/Pattern"
import type { Scalar } from "./SearchBody.ts"
import type { SearchPattern } from "./SearchPattern.ts"

/** Each scores `boost`, except `Match` (boost times the words found) and `Bool` (the sum of its matching clauses). */
export type SearchQuery = { readonly boost: number } & (
  | { readonly _tag: "All" }
  | { readonly _tag: "None" }
  | { readonly _tag: "Ids"; readonly ids: ReadonlyArray<string> }
  | {
      readonly _tag: "Terms"
      readonly field: string
      readonly values: ReadonlyArray<Scalar>
      readonly caseInsensitive: boolean
    }
  /** Words, in any order. Without a field, in all fields. */
  | { readonly _tag: "Match"; readonly field?: string; readonly text: string; readonly minimum: Minimum }
  /** Adjacent words; with `prefix` the last may be incomplete. */
  | { readonly _tag: "Phrase"; readonly field?: string; readonly text: string; readonly prefix: boolean }
  | {
      readonly _tag: "Pattern"
      readonly field?: string
      readonly pattern: SearchPattern
      readonly caseInsensitive: boolean
    }
  /** A regular expression that matches a whole value. */
  | { readonly _tag: "Regexp"; readonly field: string; readonly pattern: Pattern }
  /** One of these texts in an exact field, of any number. */
  | { readonly _tag: "Values"; readonly field: string; readonly values: ReadonlyArray<string> }
  /** Exactly these records: the result of a pattern. */
  | { readonly _tag: "Records"; readonly ids: ReadonlySet<string> }
  /** The best score of several queries, plus a share of the other scores. */
  | { readonly _tag: "Best"; readonly queries: ReadonlyArray<SearchQuery>; readonly tieBreaker: number }
  | { readonly _tag: "Exists"; readonly field: string }
  | { readonly _tag: "Range"; readonly field: string; readonly bounds: ReadonlyArray<Bound> }
  | {
      readonly _tag: "Bool"
      readonly must: ReadonlyArray<SearchQuery>
      readonly filter: ReadonlyArray<SearchQuery>
      readonly should: ReadonlyArray<SearchQuery>
      readonly mustNot: ReadonlyArray<SearchQuery>
      readonly minimum: Minimum
    }
  | { readonly _tag: "Constant"; readonly query: SearchQuery }
)

export interface Bound {
  readonly comparison: "gt" | "gte" | "lt" | "lte"
  readonly value: Scalar
}

/** How many of the alternatives must match: a count or a percentage. A negative one is how many may be missing. */
export type Minimum = { readonly count: number } | { readonly percent: number }

export const all: SearchQuery = { _tag: "All", boost: 1 }
export const none: SearchQuery = { _tag: "None", boost: 1 }

/** The equivalent of `index.max_terms_count`: a database accepts a limited number of parameters. */
export const maxTerms = 10_000
/** The equivalent of `indices.query.bool.max_nested_depth`, for every compound query. */
export const maxDepth = 20
/** The equivalent of `indices.query.bool.max_clause_count`. */
export const maxClauses = 512
/** Maximum length of one search text, in characters. */
export const maxText = 1_000

/** The direct subqueries of a query. */
const inner = (query: SearchQuery): ReadonlyArray<SearchQuery> => {
  if (query._tag === "Bool") return [...query.must, ...query.filter, ...query.should, ...query.mustNot]
  if (query._tag === "Best") return query.queries
  return query._tag === "Constant" ? [query.query] : []
}

/** How many tests a query performs for each record. */
export const clauses = (query: SearchQuery): number => {
  if (query._tag === "Match" || query._tag === "Phrase") return 1 + query.text.split(/[^\p{L}\p{N}]+/u).length
  return inner(query).reduce((sum, one) => sum + clauses(one), 1)
}

/** How many of them are matched against every value of a field. */
export const patterns = (query: SearchQuery): number =>
  inner(query).reduce(
    (sum, one) => sum + patterns(one),
    query._tag === "Pattern" || query._tag === "Regexp" || (query._tag === "Phrase" && query.prefix) ? 1 : 0,
  )

/** The minimum as a count, for this number of alternatives. */
export const required = (minimum: Minimum, alternatives: number): number => {
  const wanted = "count" in minimum ? minimum.count : Math.trunc((minimum.percent / 100) * alternatives)
  const negative = "count" in minimum ? minimum.count < 0 : minimum.percent < 0
  return negative ? Math.max(0, alternatives + wanted) : wanted
}

/** A field, or `*` for all fields, and the weight of a match in it. */
export interface FieldBoost {
  readonly field: string
  readonly boost: number
}

export const scaled = (query: SearchQuery, boost: number): SearchQuery => ({ ...query, boost: query.boost * boost })

/** Alternatives of which at least one must match. */
export const anyOf = (should: ReadonlyArray<SearchQuery>, boost = 1): SearchQuery => {
  const [only] = should
  return only !== undefined && should.length === 1
    ? scaled(only, boost)
    : { _tag: "Bool", must: [], filter: [], should, mustNot: [], minimum: { count: 1 }, boost }
}

/** A field in the form that `Match`, `Phrase` and `Pattern` use. */
export const at = (field: string | undefined) => (field === undefined || field === "*" ? {} : { field })
