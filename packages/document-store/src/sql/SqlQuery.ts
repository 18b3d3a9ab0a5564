/**
 * Compiles a `SearchQuery` to SQL: a condition on the row `d` of `documents`, and the score of a row that satisfies it.
 */
import { type DateTime, Result } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Collection } from "../Document.ts"
import { type Parsed, refuse, type Scalar } from "../search/SearchBody.ts"
import * as SearchDate from "../search/SearchDate.ts"
import { fieldAt, type SearchField } from "../search/SearchFields.ts"
import { required, type SearchQuery } from "../search/SearchQuery.ts"
import { words } from "../search/SearchText.ts"
import type { SqlDialect } from "./SqlDialect.ts"

export interface SqlQuery {
  readonly where: Statement.Fragment
  readonly score: Statement.Fragment
}

/** The context in which a query is compiled. */
export interface SqlQueryContext {
  readonly sql: SqlClient.SqlClient
  readonly dialect: SqlDialect
  readonly collection: Collection
  readonly now: DateTime.Utc
  /** The ids to consider, in order; the whole collection if absent. */
  readonly range?: ReadonlyArray<string>
}

/** The column contains an id to consider. */
export const inRange = ({ sql, range }: SqlQueryContext, column: string): ReadonlyArray<Statement.Fragment> => {
  const first = range?.[0]
  const final = range?.at(-1)
  return first === undefined || final === undefined
    ? []
    : [sql`${sql(column)} >= ${first}`, sql`${sql(column)} <= ${final}`]
}

/** Maximum words of one phrase, because each is a join. */
const maxPhrase = 32

/**
 * Fails with `InvalidSearchQuery` if a value does not match its field. `SqlPatterns` has already replaced patterns with
 * records.
 */
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
    case "Regexp":
      return Result.succeed(scored(never(sql)))
    case "Values":
      return Result.succeed(scored(values(context, query)))
    case "Records":
      return Result.succeed(scored(records(context, query)))
    case "Best":
      return best(context, query)
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

/** With a larger boost, sums of scores could overflow. */
const maxBoost = 1e12

/** A boost as a literal, because PostgreSQL could not infer the type of a parameter in a sum. */
const number = ({ literal }: SqlClient.SqlClient, value: number) =>
  literal(`CAST(${Math.max(-maxBoost, Math.min(maxBoost, value)) || 0} AS DOUBLE PRECISION)`)

const never = ({ literal }: SqlClient.SqlClient) => literal("1 = 0")

/** The record has a matching row in `document_fields`. */
const hasField = (context: SqlQueryContext, ...tests: ReadonlyArray<Statement.Fragment>) => {
  const { sql, collection } = context
  return sql`d.id IN (SELECT id FROM document_fields WHERE ${sql.and([
    sql`collection = ${collection}`,
    ...tests,
    ...inRange(context, "id"),
  ])})`
}

/** The record has a matching word, in this field or in any field. */
const hasWord = (context: SqlQueryContext, field: string | undefined, test: Statement.Fragment) => {
  const { sql, collection } = context
  return sql`d.id IN (SELECT id FROM document_words WHERE ${sql.and([
    sql`collection = ${collection}`,
    test,
    ...(field === undefined ? [] : [sql`field = ${field}`]),
    ...inRange(context, "id"),
  ])})`
}

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

/** Case folding as in OpenSearch: ASCII only, like the databases' `LOWER`. */
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

export const isAnalysed = (field: SearchField | undefined) =>
  field === undefined || field.kind === "words" || field.kind === "dynamic"

const match = (context: SqlQueryContext, query: Of<"Match">): Parsed<SqlQuery> => {
  const { sql } = context
  const field = query.field === undefined ? undefined : fieldAt(query.field)
  if (field !== undefined && !isAnalysed(field)) return compile(context, asTerms(query, field.path))
  const distinct = [...new Set(words(query.text))]
  const tests = distinct.map((word) => hasWord(context, field?.path, sql`word = ${word}`))
  const needed = Math.max(1, required(query.minimum, distinct.length))
  const enoughWords =
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
  if (field === undefined || field.kind === "words") return Result.succeed({ where: enoughWords, score })
  // An unmapped number or boolean is not text.
  return Result.map(terms(context, asTerms(query, field.path), field), (value) => ({
    where: sql.or([enoughWords, value]),
    score: when(sql, enoughWords, score, number(sql, query.boost)),
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
      ? Result.succeed(startingWith(context, query.field, query.text))
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
      ...inRange(context, "w0.id"),
    ])})`,
  )
}

/**
 * The last character that a text can contain: every text with a given prefix sorts between the prefix and the prefix
 * followed by this character.
 */
export const last = "\u{10ffff}"

/** The column begins with the text, written as a range so that an index can be used. */
const within = (sql: SqlClient.SqlClient, column: string, start: string) =>
  sql`(${sql(column)} >= ${start} AND ${sql(column)} < ${start + last})`

/** A value, or one of the words of an analysed field, begins with the text. */
const startingWith = (context: SqlQueryContext, name: string | undefined, start: string): Statement.Fragment => {
  const field = name === undefined ? undefined : fieldAt(name)
  return field === undefined || isAnalysed(field)
    ? hasWord(context, field?.path, within(context.sql, "word", start))
    : hasField(context, named(context, field), within(context.sql, "text", start))
}

const values = (context: SqlQueryContext, { field, values: found }: Of<"Values">): Statement.Fragment =>
  hasField(context, named(context, fieldAt(field)), listed(context, "text", found))

/** These values as rows, passed in one parameter. */
export const rowsOfJson = (
  sql: SqlClient.SqlClient,
  { listed: [before, after] }: SqlDialect,
  values: ReadonlyArray<string>,
) => sql`${sql.literal(before)}${JSON.stringify(values)}${sql.literal(after)}`

/** The column equals one of these values. */
const listed = ({ sql, dialect }: SqlQueryContext, column: string, found: ReadonlyArray<string>) =>
  sql`${sql(column)} IN (${rowsOfJson(sql, dialect, found)})`

const records = (context: SqlQueryContext, { ids }: Of<"Records">): Statement.Fragment => {
  const { range } = context
  const found = range === undefined ? [...ids] : range.filter((id) => ids.has(id))
  return found.length === 0 ? never(context.sql) : listed(context, "d.id", found)
}

const best = (context: SqlQueryContext, { queries, tieBreaker, boost }: Of<"Best">): Parsed<SqlQuery> => {
  const { sql, dialect } = context
  return Result.map(Result.all(queries.map((query) => compile(context, query))), (all) => {
    const scores = all.map(({ where, score }) => when(sql, where, score))
    const greatest = scores.reduce((one, other) => sql`${sql.literal(dialect.greater)}(${one}, ${other})`)
    const share = number(sql, Math.max(0, Math.min(1, tieBreaker)))
    const score = tieBreaker === 0 ? greatest : sql`(${greatest}) + ${share} * ((${plus(sql, scores)}) - (${greatest}))`
    return { where: sql.or(all.map(({ where }) => where)), score: times(sql, boost, score) }
  })
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

/** A bound in the type of its field: text, a number, or a time. */
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

/** At least this many of the conditions hold. */
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
