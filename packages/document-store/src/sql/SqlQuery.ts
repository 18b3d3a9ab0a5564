/** A `SearchQuery` as SQL: a test of the row `d` of `documents`, and the score of a row that passed it. */
import { type DateTime, Result } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Collection } from "../Document.ts"
import { type Parsed, refuse, type Scalar } from "../search/SearchBody.ts"
import * as SearchDate from "../search/SearchDate.ts"
import { fieldAt, type SearchField } from "../search/SearchFields.ts"
import * as SearchPattern from "../search/SearchPattern.ts"
import { required, type SearchQuery } from "../search/SearchQuery.ts"
import { words } from "../search/SearchText.ts"
import type { SqlDialect } from "./SqlDialect.ts"

export interface SqlQuery {
  readonly where: Statement.Fragment
  readonly score: Statement.Fragment
}

/** What a query is read against. */
export interface SqlQueryContext {
  readonly sql: SqlClient.SqlClient
  readonly dialect: SqlDialect
  readonly collection: Collection
  readonly now: DateTime.Utc
}

/** Words of one phrase: each is a join. */
const maxPhrase = 32

/** Fails with `InvalidSearchQuery` where a value does not fit its field. */
export const compile = (context: SqlQueryContext, query: SearchQuery): Parsed<SqlQuery> => {
  const { sql } = context
  const scored = (where: Statement.Fragment): SqlQuery => ({ where, score: number(sql, query.boost) })
  switch (query._tag) {
    case "All":
      return Result.succeed(scored(sql.literal("1 = 1")))
    case "None":
      return Result.succeed(scored(sql.literal("1 = 0")))
    case "Ids":
      return Result.succeed(scored(sql.in("d.id", query.ids)))
    case "Terms":
      return Result.map(terms(context, query, fieldAt(query.field)), scored)
    case "Match":
      return match(context, query)
    case "Phrase":
      return Result.map(phrase(context, query), scored)
    case "Pattern":
      return Result.succeed(scored(pattern(context, query)))
    case "Exists":
      return Result.succeed(scored(exists(context, query.field)))
    case "Range":
      return Result.map(range(context, query), scored)
    case "Bool":
      return bool(context, query)
    case "Constant":
      return Result.map(compile(context, query.query), ({ where }) => scored(where))
  }
}

type Of<Tag extends SearchQuery["_tag"]> = Extract<SearchQuery, { _tag: Tag }>

/** A boost beyond it would let sums of scores overflow. */
const maxBoost = 1e12

/** A boost as a literal: a parameter would have no type for PostgreSQL to add up. */
const number = ({ literal }: SqlClient.SqlClient, value: number) =>
  literal(`CAST(${Math.max(-maxBoost, Math.min(maxBoost, value)) || 0} AS DOUBLE PRECISION)`)

const never = ({ literal }: SqlClient.SqlClient) => literal("1 = 0")

/** The record has a row of `document_fields` like this. */
const hasField = ({ sql, collection }: SqlQueryContext, ...tests: ReadonlyArray<Statement.Fragment>) =>
  sql`d.id IN (SELECT id FROM document_fields WHERE ${sql.and([sql`collection = ${collection}`, ...tests])})`

/** The record has a word like this, in this field or in any. */
const hasWord = ({ sql, collection }: SqlQueryContext, field: string | undefined, test: Statement.Fragment) =>
  sql`d.id IN (SELECT id FROM document_words WHERE ${sql.and([
    sql`collection = ${collection}`,
    test,
    ...(field === undefined ? [] : [sql`field = ${field}`]),
  ])})`

const below = ({ sql }: SqlQueryContext, path: string) =>
  // `/` is the character after `.`
  sql`(field >= ${`${path}.`} AND field < ${`${path}/`})`

const named = (context: SqlQueryContext, { kind, path }: SearchField) =>
  kind === "tree" ? below(context, path) : context.sql`field = ${path}`

const terms = (
  context: SqlQueryContext,
  query: Omit<Of<"Terms">, "boost">,
  field: SearchField,
): Parsed<Statement.Fragment> => {
  const { sql } = context
  const texts = query.values.map(String)
  const whole = () =>
    query.caseInsensitive
      ? hasField(context, named(context, field), sql`LOWER(text) IN ${sql.in(texts.map(lowerAscii))}`)
      : hasField(context, named(context, field), sql.in("text", texts))
  switch (field.kind) {
    case "exact":
    case "tree":
      return Result.succeed(whole())
    case "words":
      return Result.succeed(
        hasWord(context, field.path, sql.in("word", query.caseInsensitive ? texts.map(lower) : texts)),
      )
    case "date":
      return Result.map(Result.all(query.values.map((value) => date(context, field.path, value, false))), (times) =>
        hasField(context, named(context, field), sql.in("number", times)),
      )
    case "dynamic":
      return Result.succeed(
        sql.or([
          hasWord(context, field.path, sql.in("word", query.caseInsensitive ? texts.map(lower) : texts)),
          whole(),
          hasField(context, named(context, field), sql.in("number", query.values.flatMap(numeric))),
        ]),
      )
  }
}

/** As OpenSearch folds: ASCII only, as the databases' `LOWER` does. */
const lowerAscii = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
const lower = (text: string) => text.toLowerCase()

const numeric = (value: Scalar): ReadonlyArray<number> => {
  const found = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value)
  return typeof value !== "boolean" && Number.isFinite(found) ? [found] : []
}

const date = (context: SqlQueryContext, path: string, value: Scalar, end: boolean): Parsed<number> => {
  const time = typeof value === "number" ? value : SearchDate.parse(String(value), context.now, end)
  return time === undefined
    ? refuse(
        `failed to parse date field [${value}] of [${path}] with format [strict_date_time||epoch_millis]`,
        "parse_exception",
      )
    : Result.succeed(time)
}

const isAnalysed = (field: SearchField | undefined) =>
  field === undefined || field.kind === "words" || field.kind === "dynamic"

const match = (context: SqlQueryContext, query: Of<"Match">): Parsed<SqlQuery> => {
  const { sql } = context
  const field = query.field === undefined ? undefined : fieldAt(query.field)
  if (field !== undefined && !isAnalysed(field)) return compile(context, asTerms(query, field.path))
  const distinct = [...new Set(words(query.text))]
  const tests = distinct.map((word) => hasWord(context, field?.path, sql`word = ${word}`))
  const needed = Math.max(1, required(query.minimum, distinct.length))
  const enough =
    tests.length === 0
      ? never(sql)
      : needed === 1
        ? hasWord(context, field?.path, sql.in("word", distinct))
        : atLeast(context, needed, tests)
  const score = times(
    sql,
    query.boost,
    plus(
      sql,
      tests.map((test) => when(sql, test, number(sql, 1))),
    ),
  )
  if (field === undefined || field.kind === "words") return Result.succeed({ where: enough, score })
  // A number or boolean that is not mapped is no text.
  return Result.map(terms(context, asTerms(query, field.path), field), (value) => ({
    where: sql.or([enough, value]),
    score: when(sql, enough, score, number(sql, query.boost)),
  }))
}

const asTerms = (query: Of<"Match"> | Of<"Phrase">, field: string): Of<"Terms"> => ({
  _tag: "Terms",
  field,
  values: [query.text],
  caseInsensitive: false,
  boost: query.boost,
})

const phrase = (context: SqlQueryContext, query: Of<"Phrase">): Parsed<Statement.Fragment> => {
  const { sql, collection } = context
  const field = query.field === undefined ? undefined : fieldAt(query.field)
  if (field !== undefined && !isAnalysed(field)) {
    return query.prefix
      ? Result.succeed(
          pattern(context, { ...query, pattern: SearchPattern.startingWith(query.text), caseInsensitive: false }),
        )
      : terms(context, asTerms(query, field.path), field)
  }
  const list = words(query.text)
  if (list.length === 0) return Result.succeed(never(sql))
  if (list.length > maxPhrase) {
    return refuse(`a phrase takes at most [${maxPhrase}] words, found [${list.length}]`, "illegal_argument_exception")
  }
  const isStart = (i: number) => query.prefix && i === list.length - 1
  const word = (i: number, text: string) =>
    isStart(i) ? within(sql, `w${i}.word`, text) : sql`${sql(`w${i}.word`)} = ${text}`
  const joins = list.slice(1).map(
    (text, i) => sql`
      JOIN document_words ${sql(`w${i + 1}`)} ON ${sql.and([
        sql`${sql(`w${i + 1}.collection`)} = w0.collection`,
        word(i + 1, text),
        sql`${sql(`w${i + 1}.field`)} = w0.field`,
        sql`${sql(`w${i + 1}.id`)} = w0.id`,
        sql`${sql(`w${i + 1}.position`)} = w0.position + ${sql.literal(String(i + 1))}`,
      ])}`,
  )
  return Result.succeed(
    sql`d.id IN (SELECT w0.id FROM document_words w0 ${sql.join(" ", false)(joins)} WHERE ${sql.and([
      sql`w0.collection = ${collection}`,
      ...list.slice(0, 1).map((text) => word(0, text)),
      ...(field === undefined ? [] : [sql`w0.field = ${field.path}`]),
    ])})`,
  )
}

/** The last character that a text can hold: all that begins with a text stands before it and this. */
const last = "\u{10ffff}"

/** The column begins with the text: a range, so that an index answers. */
const within = (sql: SqlClient.SqlClient, column: string, start: string) =>
  sql`(${sql(column)} >= ${start} AND ${sql(column)} < ${start + last})`

type PatternQuery = Pick<Of<"Pattern">, "field" | "pattern" | "caseInsensitive">

const pattern = (context: SqlQueryContext, query: PatternQuery): Statement.Fragment => {
  const field = query.field === undefined ? undefined : fieldAt(query.field)
  if (field === undefined || isAnalysed(field)) {
    // Words stand in lower case.
    const folded = query.caseInsensitive ? fold(query.pattern, lower) : query.pattern
    return hasWord(context, field?.path, like(context, "word", folded, false))
  }
  const folded = query.caseInsensitive ? fold(query.pattern, lowerAscii) : query.pattern
  return hasField(context, named(context, field), like(context, "text", folded, query.caseInsensitive))
}

const fold = (pattern: SearchPattern.SearchPattern, by: (text: string) => string): SearchPattern.SearchPattern =>
  pattern.map((part) => (typeof part === "object" ? { literal: by(part.literal) } : part))

const like = (
  { sql, dialect }: SqlQueryContext,
  column: string,
  pattern: SearchPattern.SearchPattern,
  isFolded: boolean,
) => {
  const start = SearchPattern.literalStart(pattern)
  const tested = isFolded ? sql`LOWER(${sql(column)})` : sql`${sql(column)}`
  return sql.and([
    sql`${tested} ${sql.literal(dialect.like)} ${dialect.pattern(pattern)} ${sql.literal(dialect.escape)}`,
    ...(isFolded || start === "" ? [] : [within(sql, column, start)]),
  ])
}

const exists = (context: SqlQueryContext, name: string): Statement.Fragment => {
  if (name === "_id") return context.sql.literal("1 = 1")
  const { path } = fieldAt(name)
  return hasField(context, context.sql.or([context.sql`field = ${path}`, below(context, path)]))
}

const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const

const range = (context: SqlQueryContext, query: Of<"Range">): Parsed<Statement.Fragment> => {
  const { sql } = context
  const field = fieldAt(query.field)
  return Result.map(Result.all(query.bounds.map((bound) => limit(context, field, bound))), (limits) => {
    const isText = limits.some(({ isText }) => isText) || field.kind === "exact" || field.kind === "words"
    const column = sql(isText ? "text" : "number")
    const name = isText && field.kind !== "exact" && field.kind !== "tree" ? `${field.path}.keyword` : field.path
    return hasField(
      context,
      named(context, { ...field, path: name }),
      sql`${column} IS NOT NULL`,
      ...limits.map(({ sign, value }) => sql`${column} ${sql.literal(sign)} ${isText ? String(value) : value}`),
    )
  })
}

/** A bound as its field compares it: as text, as a number, or as a time. */
const limit = (
  context: SqlQueryContext,
  { kind, path }: SearchField,
  { comparison, value }: Of<"Range">["bounds"][number],
): Parsed<{ readonly sign: string; readonly value: Scalar; readonly isText: boolean }> => {
  const sign = signs[comparison]
  const end = comparison === "gt" || comparison === "lte"
  if (kind === "date")
    return Result.map(date(context, path, value, end), (time) => ({ sign, value: time, isText: false }))
  if (kind === "exact" || kind === "words") return Result.succeed({ sign, value, isText: true })
  const [found = SearchDate.parse(String(value), context.now, end)] = numeric(value)
  return Result.succeed(found === undefined ? { sign, value, isText: true } : { sign, value: found, isText: false })
}

const bool = (context: SqlQueryContext, query: Of<"Bool">): Parsed<SqlQuery> =>
  Result.gen(function* () {
    const { sql } = context
    const each = (queries: ReadonlyArray<SearchQuery>) => Result.all(queries.map((q) => compile(context, q)))
    const must = yield* each(query.must)
    const should = yield* each(query.should)
    const filter = yield* each(query.filter)
    const mustNot = yield* each(query.mustNot)
    const needed = required(query.minimum, should.length)
    const where = sql.and([
      ...[...must, ...filter].map(({ where }) => where),
      ...mustNot.map(({ where }) => sql`NOT (${where})`),
      ...(needed > 0
        ? [
            atLeast(
              context,
              needed,
              should.map(({ where }) => where),
            ),
          ]
        : []),
    ])
    const scores = [...must.map(({ score }) => score), ...should.map(({ where, score }) => when(sql, where, score))]
    return { where, score: times(sql, query.boost, plus(sql, scores)) }
  })

/** So many of the tests hold. */
const atLeast = ({ sql }: SqlQueryContext, needed: number, tests: ReadonlyArray<Statement.Fragment>) => {
  if (needed > tests.length) return never(sql)
  if (needed === 1) return sql.or(tests)
  if (needed === tests.length) return sql.and(tests)
  const held = tests.map((test) => sql`CASE WHEN ${test} THEN 1 ELSE 0 END`)
  return sql`${sql.join(" + ")(held)} >= ${sql.literal(String(needed))}`
}

const when = (
  sql: SqlClient.SqlClient,
  test: Statement.Fragment,
  then: Statement.Fragment,
  otherwise = number(sql, 0),
) => sql`CASE WHEN ${test} THEN ${then} ELSE ${otherwise} END`

const plus = (sql: SqlClient.SqlClient, scores: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  scores.length === 0 ? number(sql, 0) : sql.join(" + ")(scores)

const times = (sql: SqlClient.SqlClient, boost: number, score: Statement.Fragment) =>
  boost === 1 ? score : sql`${number(sql, boost)} * (${score})`
