/**
 * The one-line languages of `query_string` and `simple_query_string`, parsed into a `SearchQuery`.
 *
 * Sources: https://docs.opensearch.org/latest/query-dsl/full-text/query-string/ and
 * https://docs.opensearch.org/latest/query-dsl/full-text/simple-query-string/
 */
import { Result } from "effect"
import { type Parsed, refuse } from "./SearchBody.ts"
import * as SearchPattern from "./SearchPattern.ts"
import { all, anyOf, at, type Bound, type FieldBoost, maxDepth, none, scaled, type SearchQuery } from "./SearchQuery.ts"

export interface QueryStringOptions {
  readonly fields: ReadonlyArray<FieldBoost>
  readonly operator: "and" | "or"
  /** `simple_query_string`: no fields, no ranges, and invalid parts are skipped instead of rejected. */
  readonly simple: boolean
}

/** In characters. OpenSearch limits the resulting clauses, of which there may be one for every two characters. */
const maxLength = 10_000

export const parseQueryString = (text: string, options: QueryStringOptions): Parsed<SearchQuery> =>
  text.length > maxLength
    ? refuse(`Failed to parse query: it is longer than [${maxLength}] characters`)
    : Result.flatMap(tokens(text, options.simple), (all) => {
        const reader = { all, next: 0 }
        return Result.flatMap(group(reader, options, 0), (query) =>
          reader.next === all.length || options.simple ? Result.succeed(query) : unbalanced(text),
        )
      })

type Token =
  | { readonly _tag: "Open" | "Close" | "And" | "Or" | "Not" | "Must" }
  | { readonly _tag: "Field"; readonly name: string }
  | { readonly _tag: "Boost"; readonly factor: number }
  | { readonly _tag: "Phrase"; readonly text: string }
  | { readonly _tag: "Word"; readonly text: string }
  | { readonly _tag: "Range"; readonly bounds: ReadonlyArray<Bound> }
  | { readonly _tag: "Unsupported"; readonly text: string }

type Lexer = ReadonlyArray<readonly [RegExp, (match: RegExpExecArray) => Token]>

const phraseToken: Lexer[number] = [
  /"((?:\\.|[^"\\])*)"/y,
  ([, text = ""]) => ({ _tag: "Phrase", text: unescape(text) }),
]

const full: Lexer = [
  [/\(/y, () => ({ _tag: "Open" })],
  [/\)/y, () => ({ _tag: "Close" })],
  [/(?:AND(?=[\s(]|$)|&&)/y, () => ({ _tag: "And" })],
  [/(?:OR(?=[\s(]|$)|\|\|)/y, () => ({ _tag: "Or" })],
  [/(?:NOT(?=[\s(]|$)|!|-)/y, () => ({ _tag: "Not" })],
  [/\+/y, () => ({ _tag: "Must" })],
  phraseToken,
  [/\^(\d+(?:\.\d+)?)/y, ([, factor]) => ({ _tag: "Boost", factor: Number(factor) })],
  [
    /([[{])\s*([^\s\]}]+)\s+TO\s+([^\s\]}]+)\s*([\]}])/y,
    ([, open, from = "*", to = "*", close]) => ({
      _tag: "Range",
      bounds: [...bound(open === "[" ? "gte" : "gt", from), ...bound(close === "]" ? "lte" : "lt", to)],
    }),
  ],
  [
    /(>=?|<=?)([^\s()]+)/y,
    ([, sign, value = ""]) => ({ _tag: "Range", bounds: bound(comparisons[sign as keyof typeof comparisons], value) }),
  ],
  [/((?:\\.|[^\s:()"[\]{}^~\\])+):/y, ([, name = ""]) => ({ _tag: "Field", name: unescape(name) })],
  [/(?:\\.|[^\s:()"[\]{}^~\\])+/y, ([text]) => ({ _tag: "Word", text })],
  [/~\d*|[\s\S]/y, ([text]) => ({ _tag: "Unsupported", text })],
]

const simple: Lexer = [
  [/\(/y, () => ({ _tag: "Open" })],
  [/\)/y, () => ({ _tag: "Close" })],
  [/\+/y, () => ({ _tag: "And" })],
  [/\|/y, () => ({ _tag: "Or" })],
  [/-/y, () => ({ _tag: "Not" })],
  phraseToken,
  [/(?:\\.|[^\s()|"\\~])+/y, ([text]) => ({ _tag: "Word", text })],
  [/~\d*|[\s\S]/y, ([text]) => ({ _tag: "Unsupported", text })],
]

const comparisons = { ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" } as const

const bound = (comparison: Bound["comparison"], value: string): ReadonlyArray<Bound> =>
  value === "*" ? [] : [{ comparison, value: unescape(value.replace(/^"(.*)"$/, "$1")) }]

const unescape = (text: string): string => text.replace(/\\(.)/gs, "$1")

const tokens = (text: string, isSimple: boolean): Parsed<ReadonlyArray<Token>> => {
  const found: Array<Token> = []
  let at = 0
  while ((at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0) < text.length) {
    const token = firstToken(isSimple ? simple : full, text, at)
    at = token.end
    if (token.value._tag !== "Unsupported") found.push(token.value)
    else if (!isSimple) return refuse(`Failed to parse query: [${token.value.text}] at character ${at} cannot be read`)
  }
  return Result.succeed(found)
}

const firstToken = (lexer: Lexer, text: string, at: number): { readonly value: Token; readonly end: number } => {
  for (const [expression, build] of lexer) {
    expression.lastIndex = at
    const match = expression.exec(text)
    if (match !== null) return { value: build(match), end: expression.lastIndex }
  }
  return { value: { _tag: "Unsupported", text: text.charAt(at) }, end: at + 1 }
}

interface Reader {
  readonly all: ReadonlyArray<Token>
  next: number
}

interface Clause {
  readonly query: SearchQuery
  occur: "must" | "should" | "mustNot"
}

/**
 * Clauses up to the closing parenthesis, joined as Lucene's classic parser does: AND applies to the clause on either
 * side.
 */
const group = (reader: Reader, options: QueryStringOptions, depth: number): Parsed<SearchQuery> =>
  Result.gen(function* () {
    if (depth > maxDepth) return yield* refuse(`Failed to parse query: brackets nest deeper than [${maxDepth}]`)
    const clauses: Array<Clause> = []
    while (reader.next < reader.all.length && reader.all[reader.next]?._tag !== "Close") {
      const { joined, sign } = connectives(reader)
      const query = yield* operand(reader, options, depth)
      if (query === undefined) continue
      const previous = clauses.at(-1)
      if (previous !== undefined && previous.occur !== "mustNot") {
        if (joined === "And") previous.occur = "must"
        if (joined === "Or" && options.operator === "and") previous.occur = "should"
      }
      const isMust = sign === "Must" || joined === "And" || (options.operator === "and" && joined !== "Or")
      clauses.push({ query, occur: sign === "Not" ? "mustNot" : isMust ? "must" : "should" })
    }
    return joinedAll(clauses)
  })

const connectives = (reader: Reader) => {
  let joined: "And" | "Or" | undefined
  let sign: "Must" | "Not" | undefined
  for (let token = reader.all[reader.next]; token !== undefined; token = reader.all[++reader.next]) {
    if (token._tag === "And" || token._tag === "Or") joined = token._tag
    else if (token._tag === "Not" || token._tag === "Must") sign = token._tag
    else break
  }
  return { joined, sign }
}

const joinedAll = (clauses: ReadonlyArray<Clause>): SearchQuery => {
  const [only] = clauses
  if (only === undefined) return none
  if (clauses.length === 1 && only.occur !== "mustNot") return only.query
  const of = (occur: Clause["occur"]) => clauses.filter((clause) => clause.occur === occur).map(({ query }) => query)
  const must = of("must")
  const should = of("should")
  const minimum = { count: must.length === 0 && should.length > 0 ? 1 : 0 }
  return { _tag: "Bool", must, filter: [], should, mustNot: of("mustNot"), minimum, boost: 1 }
}

/** One word, phrase, range or group, with its field prefix and boost suffix; `undefined` if there is none. */
const operand = (reader: Reader, options: QueryStringOptions, depth: number): Parsed<SearchQuery | undefined> =>
  Result.gen(function* () {
    const token = reader.all[reader.next]
    if (token === undefined || token._tag === "Close") {
      return options.simple || token?._tag === "Close"
        ? undefined
        : yield* refuse("Failed to parse query: it ends where a word was expected")
    }
    reader.next++
    if (token._tag === "Field") {
      return yield* operand(reader, { ...options, fields: [{ field: token.name, boost: 1 }] }, depth)
    }
    const query = token._tag === "Open" ? yield* bracket(reader, options, depth) : leaf(token, options.fields)
    const after = reader.all[reader.next]
    if (after?._tag !== "Boost" || query === undefined) return query
    reader.next++
    return scaled(query, after.factor)
  })

const bracket = (reader: Reader, options: QueryStringOptions, depth: number): Parsed<SearchQuery> =>
  Result.flatMap(group(reader, options, depth + 1), (query) => {
    if (reader.all[reader.next]?._tag === "Close") reader.next++
    else if (!options.simple) return refuse("Failed to parse query: a bracket is not closed")
    return Result.succeed(query)
  })

const unbalanced = (text: string) => refuse(`Failed to parse query [${text}]: a closing bracket has no opening bracket`)

const leaf = (token: Token, fields: ReadonlyArray<FieldBoost>): SearchQuery | undefined => {
  const inFields = (build: (field: string) => SearchQuery) =>
    anyOf(fields.map(({ field, boost }) => scaled(build(field), boost)))
  switch (token._tag) {
    case "Phrase":
      return inFields((field) => ({ _tag: "Phrase", ...at(field), text: token.text, prefix: false, boost: 1 }))
    case "Range":
      return inFields((field) => ({ _tag: "Range", field, bounds: token.bounds, boost: 1 }))
    case "Word":
      return inFields((field) => word(field, token.text))
    default:
      return undefined
  }
}

const word = (field: string, text: string): SearchQuery => {
  if (text === "*") return field === "*" ? all : { _tag: "Exists", field, boost: 1 }
  if (field === "_exists_") return { _tag: "Exists", field: unescape(text), boost: 1 }
  if (field === "_id") return { _tag: "Ids", ids: [unescape(text)], boost: 1 }
  const pattern = SearchPattern.parse(text)
  return pattern.some((part) => typeof part === "string")
    ? { _tag: "Pattern", ...at(field), pattern, caseInsensitive: true, boost: 1 }
    : { _tag: "Match", ...at(field), text: unescape(text), minimum: { percent: 100 }, boost: 1 }
}
