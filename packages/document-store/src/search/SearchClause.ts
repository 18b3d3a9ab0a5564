/** Parses a query. Every supported form of OpenSearch's query language is a row of `parsers`. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as StoreBounds from "../StoreBounds.ts"
import { boolean, finite, integer, type Parsed, refuse, type Scalar, strings, text, tokenOf } from "./SearchBody.ts"
import { type Common, fieldList, minimum, onField, operator, options, type Read, term, zero } from "./SearchOptions.ts"
import * as SearchPattern from "./SearchPattern.ts"
import * as SearchRegexp from "./SearchRegexp.ts"
import {
  all,
  anyOf,
  at,
  clauses,
  type FieldBoost,
  maxClauses,
  maxDepth,
  maxTerms,
  maxText,
  type Minimum,
  none,
  patterns,
  scaled,
  type SearchQuery,
} from "./SearchQuery.ts"
import { parseQueryString } from "./SearchQueryString.ts"

/** Parses the value of `query`; fails with `InvalidSearchQuery`. */
export const parseQuery = (body: Json): Parsed<SearchQuery> =>
  Result.flatMap(clause(body, 0), (query) => {
    if (clauses(query) > maxClauses) return tooMany()
    const found = patterns(query)
    return found > StoreBounds.searchPatterns
      ? refuse(
          `[query] takes at most [${StoreBounds.searchPatterns}] wildcards, prefixes and regular expressions, found [${found}]`,
          "illegal_argument_exception",
        )
      : Result.succeed(query)
  })

const tooMany = () => refuse(`too_many_clauses: maxClauseCount is set to ${maxClauses}`, "illegal_argument_exception")

const clause = (body: Json, depth: number): Parsed<SearchQuery> => {
  if (depth > maxDepth) {
    return refuse(
      `The nested depth of the query exceeds the maximum nested depth for bool queries: [${maxDepth}]`,
      "illegal_argument_exception",
    )
  }
  if (!isObject(body)) return refuse("[_na] query malformed, must start with start_object")
  const [first, second] = Object.entries(body)
  if (first === undefined) return refuse("query malformed, empty clause found", "illegal_argument_exception")
  const [name, value] = first
  if (second !== undefined) return refuse(`[${name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]`)
  if (!Object.hasOwn(parsers, name)) return refuse(`unknown query [${name}]`)
  if (!isObject(value)) return refuse(`[${name}] query malformed, no start_object after query name`)
  return parsers[name as keyof typeof parsers](value, depth)
}

const parsers = {
  match_all: (body: JsonObject) =>
    Result.map(options("match_all", body, {}), (o): SearchQuery => ({ ...all, ...boosted(o) })),
  match_none: (body: JsonObject) => Result.map(options("match_none", body, {}), (): SearchQuery => none),
  ids: (body: JsonObject) =>
    Result.flatMap(options("ids", body, { values: strings }), ({ values, ...o }) =>
      values === undefined
        ? refuse("[ids] requires a [values] list of ids")
        : limited("ids", values, (ids): SearchQuery => ({ _tag: "Ids", ids, ...boosted(o) })),
    ),
  term: (body: JsonObject) =>
    onField("term", "value", body, { value: term, case_insensitive: boolean }, (field, o) =>
      o.value === undefined
        ? refuse("[term] value cannot be null", "illegal_argument_exception")
        : Result.succeed(terms(field, [o.value], o)),
    ),
  terms: (body: JsonObject): Parsed<SearchQuery> => {
    const { boost: _boost, _name, ...fields } = body
    const [first, second] = Object.entries(fields)
    if (first === undefined) return refuse("[terms] requires a field name and a list of values")
    if (second !== undefined) return refuse("[terms] query does not support multiple fields")
    const [field, values] = first
    if (!Array.isArray(values))
      return refuse(`[terms] unknown token [${tokenOf(values)}] after [${field}]: a list of values was expected`)
    return Result.gen(function* () {
      const o = yield* options("terms", body, { [field]: (_name, value) => Result.succeed(value) })
      const found = yield* limited("terms", values, (list) => list)
      return terms(field, yield* Result.all(found.map((value) => term("terms", value))), o)
    })
  },
  match: (body: JsonObject) =>
    onField("match", "query", body, { query: text, operator, minimum_should_match: minimum }, (field, o) =>
      Result.map(searched("match", o.query), (text): SearchQuery => match(field, text, o)),
    ),
  match_phrase: (body: JsonObject) =>
    onField("match_phrase", "query", body, { query: text, slop: zero }, (field, o) =>
      phrase("match_phrase", field, o.query, false, o),
    ),
  match_phrase_prefix: (body: JsonObject) =>
    onField("match_phrase_prefix", "query", body, { query: text, slop: zero, max_expansions: integer }, (field, o) =>
      phrase("match_phrase_prefix", field, o.query, true, o),
    ),
  multi_match: (body: JsonObject) => Result.flatMap(options("multi_match", body, multiMatch), parseMultiMatch),
  prefix: (body: JsonObject) =>
    onField("prefix", "value", body, { value: text, case_insensitive: boolean, rewrite: text }, (field, o) =>
      pattern("prefix", field, o.value, o, SearchPattern.startingWith),
    ),
  wildcard: (body: JsonObject) =>
    onField(
      "wildcard",
      "value",
      body,
      { value: text, wildcard: text, case_insensitive: boolean, rewrite: text },
      (field, o) => pattern("wildcard", field, o.value ?? o.wildcard, o, SearchPattern.parse),
    ),
  regexp: (body: JsonObject) =>
    onField("regexp", "value", body, regexp, (field, o) =>
      Result.flatMap(searched("regexp", o.value), (text) =>
        Result.map(SearchRegexp.parse(text, o), (pattern): SearchQuery => ({
          _tag: "Regexp",
          field,
          pattern,
          ...boosted(o),
        })),
      ),
    ),
  exists: (body: JsonObject) =>
    Result.flatMap(options("exists", body, { field: text }), ({ field, ...o }) =>
      field === undefined
        ? refuse("[exists] must be provided with a [field]")
        : Result.succeed<SearchQuery>({ _tag: "Exists", field, ...boosted(o) }),
    ),
  range: (body: JsonObject) =>
    onField("range", undefined, body, range, (field, o) => Result.succeed(bounded(field, o))),
  nested: (body: JsonObject, depth: number) =>
    Result.gen(function* () {
      const o = yield* options("nested", body, {
        path: text,
        query: (_name, value) => clause(value, depth + 1),
        score_mode: text,
        ignore_unmapped: boolean,
      })
      if (o.query === undefined || o.path === undefined)
        return yield* refuse("[nested] requires 'path' and 'query' fields")
      if (o.path === "owner") return scaled(o.query, o.boost ?? 1)
      if (o.ignore_unmapped === true) return none
      return yield* refuse(`[nested] failed to find nested object under path [${o.path}]`, "query_shard_exception")
    }),
  query_string: (body: JsonObject) =>
    Result.flatMap(options("query_string", body, queryString), (o) => queryText("query_string", o, false)),
  simple_query_string: (body: JsonObject) =>
    Result.flatMap(options("simple_query_string", body, queryString), (o) => queryText("simple_query_string", o, true)),
  bool: (body: JsonObject, depth: number) => {
    const list = (_name: string, value: Json): Parsed<ReadonlyArray<SearchQuery>> => {
      const bodies: ReadonlyArray<Json> = Array.isArray(value) ? value : [value]
      return bodies.length > maxClauses ? tooMany() : Result.all(bodies.map((item) => clause(item, depth + 1)))
    }
    return Result.map(
      options("bool", body, {
        must: list,
        filter: list,
        should: list,
        must_not: list,
        minimum_should_match: minimum,
        adjust_pure_negative: boolean,
      }),
      (o): SearchQuery => {
        const { must = [], filter = [], should = [], must_not: mustNot = [] } = o
        const minimum = o.minimum_should_match ?? {
          count: must.length + filter.length === 0 && should.length > 0 ? 1 : 0,
        }
        return { _tag: "Bool", must, filter, should, mustNot, minimum, ...boosted(o) }
      },
    )
  },
  dis_max: (body: JsonObject, depth: number) =>
    Result.flatMap(
      options("dis_max", body, {
        queries: (_name, value): Parsed<ReadonlyArray<SearchQuery>> => {
          const bodies: ReadonlyArray<Json> = Array.isArray(value) ? value : [value]
          return bodies.length > maxClauses ? tooMany() : Result.all(bodies.map((item) => clause(item, depth + 1)))
        },
        tie_breaker: finite,
      }),
      ({ queries = [], tie_breaker: tieBreaker = 0, ...o }) =>
        queries.length === 0
          ? refuse("[dis_max] requires 'queries' field with at least one clause")
          : Result.succeed<SearchQuery>({ _tag: "Best", queries, tieBreaker, ...boosted(o) }),
    ),
  constant_score: (body: JsonObject, depth: number) =>
    Result.flatMap(options("constant_score", body, { filter: (_name, value) => clause(value, depth + 1) }), (o) =>
      o.filter === undefined
        ? refuse("[constant_score] requires a 'filter' element")
        : Result.succeed<SearchQuery>({ _tag: "Constant", query: o.filter, ...boosted(o) }),
    ),
} satisfies Record<string, (body: JsonObject, depth: number) => Parsed<SearchQuery>>

const boosted = ({ boost = 1 }: Common) => ({ boost })

const terms = (
  field: string,
  values: ReadonlyArray<Scalar>,
  o: Common & { readonly case_insensitive?: boolean },
): SearchQuery =>
  field === "_id"
    ? { _tag: "Ids", ids: values.map(String), ...boosted(o) }
    : { _tag: "Terms", field, values, caseInsensitive: o.case_insensitive ?? false, ...boosted(o) }

const limited = <A, B>(query: string, values: ReadonlyArray<A>, build: (values: ReadonlyArray<A>) => B): Parsed<B> =>
  values.length > maxTerms
    ? refuse(
        `The number of terms [${values.length}] used in the [${query}] query has exceeded the allowed maximum of [${maxTerms}].`,
        "illegal_argument_exception",
      )
    : Result.succeed(build(values))

const searched = (query: string, value: string | undefined): Parsed<string> => {
  if (value === undefined) return refuse(`[${query}] requires query value`, "illegal_argument_exception")
  return value.length > maxText
    ? refuse(
        `[${query}] takes texts of at most [${maxText}] characters, found [${value.length}]`,
        "illegal_argument_exception",
      )
    : Result.succeed(value)
}

interface MatchOptions extends Common {
  readonly operator?: "and" | "or"
  readonly minimum_should_match?: Minimum
}

const match = (field: string | undefined, text: string, o: MatchOptions): SearchQuery => ({
  _tag: "Match",
  ...at(field),
  text,
  minimum: o.operator === "and" ? { percent: 100 } : (o.minimum_should_match ?? { count: 1 }),
  ...boosted(o),
})

const phrase = (
  query: string,
  field: string | undefined,
  value: string | undefined,
  prefix: boolean,
  o: Common,
): Parsed<SearchQuery> =>
  Result.map(searched(query, value), (text): SearchQuery => ({
    _tag: "Phrase",
    ...at(field),
    text,
    prefix,
    ...boosted(o),
  }))

const pattern = (
  query: string,
  field: string,
  value: string | undefined,
  o: Common & { readonly case_insensitive?: boolean },
  read: (text: string) => SearchPattern.SearchPattern,
): Parsed<SearchQuery> =>
  Result.flatMap(searched(query, value), (text) =>
    text.length > SearchPattern.maxLength
      ? refuse(`[${query}] has a pattern longer than [${SearchPattern.maxLength}] characters`)
      : Result.succeed<SearchQuery>({
          _tag: "Pattern",
          field,
          pattern: read(text),
          caseInsensitive: o.case_insensitive ?? false,
          ...boosted(o),
        }),
  )

const regexp = {
  value: text,
  flags: text,
  flags_value: integer,
  case_insensitive: boolean,
  max_determinized_states: integer,
  rewrite: text,
}

const range = { gt: bound, gte: bound, lt: bound, lte: bound, format: text, time_zone: utc, relation: text }

function bound(name: string, value: Json): Parsed<Scalar | null> {
  return value === null ? Result.succeed(null) : term(name, value)
}

function utc(name: string, value: Json): Parsed<string> {
  return value === "UTC" || value === "Z" || value === "+00:00"
    ? Result.succeed(value)
    : refuse(
        `[range] [${name}] other than UTC is not supported: write the offset into the date`,
        "illegal_argument_exception",
      )
}

const bounded = (field: string, o: Read<typeof range> & Common): SearchQuery => ({
  _tag: "Range",
  field,
  bounds: (["gt", "gte", "lt", "lte"] as const).flatMap((comparison) => {
    const value = o[comparison]
    return value === undefined || value === null ? [] : [{ comparison, value }]
  }),
  ...boosted(o),
})

const multiMatch = {
  query: text,
  fields: fieldList,
  type: text,
  operator,
  minimum_should_match: minimum,
  tie_breaker: finite,
  slop: zero,
}

const parseMultiMatch = (o: Read<typeof multiMatch> & Common): Parsed<SearchQuery> =>
  Result.gen(function* () {
    const { boost: whole = 1, ...each } = o
    const text = yield* searched("multi_match", o.query)
    const kind = o.type ?? "best_fields"
    if (!multiMatchTypes.has(kind)) {
      return yield* refuse(
        `[multi_match] failed to parse [${kind}] as a type; known are [${[...multiMatchTypes].join(", ")}]`,
      )
    }
    const inField = ({ field, boost }: FieldBoost): SearchQuery =>
      kind === "phrase" || kind === "phrase_prefix"
        ? { _tag: "Phrase", ...at(field), text, prefix: kind === "phrase_prefix", boost }
        : scaled(match(field, text, each), boost)
    return anyOf((o.fields ?? [{ field: "*", boost: 1 }]).map(inField), whole)
  })

const multiMatchTypes: ReadonlySet<string> = new Set(["best_fields", "most_fields", "phrase", "phrase_prefix"])

const queryString = {
  query: text,
  fields: fieldList,
  default_field: text,
  default_operator: operator,
  minimum_should_match: minimum,
  lenient: boolean,
  analyze_wildcard: boolean,
  allow_leading_wildcard: boolean,
  flags: text,
}

const queryText = (name: string, o: Read<typeof queryString> & Common, simple: boolean): Parsed<SearchQuery> =>
  Result.gen(function* () {
    const text = yield* searched(name, o.query)
    const fields = o.fields ?? [{ field: o.default_field ?? "*", boost: 1 }]
    const query = yield* parseQueryString(text, { fields, operator: o.default_operator ?? "or", simple })
    const minimum = o.minimum_should_match
    const withMinimum = query._tag === "Bool" && minimum !== undefined ? { ...query, minimum: minimum } : query
    return scaled(withMinimum, o.boost ?? 1)
  })
