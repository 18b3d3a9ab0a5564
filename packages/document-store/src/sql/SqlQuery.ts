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
import { lowerAscii, words } from "../search/SearchText.ts"
import { bounded, isPresent, number, type Part, partOf, plus, times, when } from "./SqlScore.ts"
import { allOf, anyOf, atLeast, type Condition, except, never, setOf } from "./SqlCondition.ts"
import type { SqlDialect } from "./SqlDialect.ts"

export interface SqlQuery extends Condition {
  readonly score: Statement.Fragment
  /** The score of all that satisfy the condition, where it is the same. */
  readonly constant?: number
  /** What the score is the sum of: each adds its weight to the score of the records of its set. */
  readonly parts?: ReadonlyArray<Part>
}

/** The context in which a query is compiled. */
export interface SqlQueryContext {
  readonly sql: SqlClient.SqlClient
  readonly dialect: SqlDialect
  readonly collection: Collection
  readonly now: DateTime.Utc
  /** The ids to consider, in order; the whole collection if absent. */
  readonly range?: ReadonlyArray<string>
  /** Whether `range` leaves out ids between its first and its last. */
  readonly isSparse?: boolean
}

/** The column contains an id to consider. */
export const inRange = (context: SqlQueryContext, column: string): ReadonlyArray<Statement.Fragment> => {
  const { sql, range, isSparse = false } = context
  if (isSparse && range !== undefined) return [listed(context, column, range)]
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
  const scored = (found: Condition): SqlQuery => ({
    ...found,
    score: number(sql, query.boost),
    constant: bounded(query.boost),
    parts: [partOf(found, query.boost)],
  })
  switch (query._tag) {
    case "All":
      return Result.succeed(scored(everything(context)))
    case "None":
    case "Pattern":
    case "Regexp":
      return Result.succeed(scored(never(sql)))
    case "Ids":
      return Result.succeed(scored(isRecord(context, (column) => sql.in(column, query.ids))))
    case "Terms":
      return Result.map(terms(context, query, fieldAt(query.field)), scored)
    case "Match":
      return match(context, query)
    case "Phrase":
      return Result.map(phrase(context, query), scored)
    case "Values":
      return Result.succeed(scored(values(context, query)))
    case "Records":
      return Result.succeed(scored(isRecord(context, (column) => listed(context, column, [...query.ids]))))
    case "Best":
      return best(context, query)
    case "Exists":
      return Result.succeed(scored(exists(context, query.field)))
    case "Range":
      return Result.map(range(context, query), scored)
    case "Bool":
      return bool(context, query)
    case "Constant":
      return Result.map(compile(context, query.query), scored)
  }
}

type Of<Tag extends SearchQuery["_tag"]> = Extract<SearchQuery, { _tag: Tag }>

const everything = (context: SqlQueryContext): Condition => ({
  ...isRecord(context, () => context.sql.literal("1 = 1")),
  where: context.sql.literal("1 = 1"),
  isAll: true,
})

/** The record itself satisfies a test of its id. */
const isRecord = (context: SqlQueryContext, test: (column: string) => Statement.Fragment): Condition => {
  const { sql, collection } = context
  const own = sql.and([sql`collection = ${collection}`, ...inRange(context, "id"), test("id")])
  return { where: test("d.id"), ids: sql`SELECT id FROM documents WHERE ${own}`, isOnce: true }
}

/** The record has a matching row in `document_fields`. */
const hasField = (context: SqlQueryContext, ...tests: ReadonlyArray<Statement.Fragment>): Condition => {
  const { sql, collection } = context
  return isIn(
    sql,
    sql`SELECT id FROM document_fields WHERE ${sql.and([
      sql`collection = ${collection}`,
      ...tests,
      ...inRange(context, "id"),
    ])}`,
  )
}

const isIn = (sql: SqlClient.SqlClient, ids: Statement.Fragment): Condition => ({ where: sql`d.id IN (${ids})`, ids })

/** The record has a matching row of this field. */
const inField = (
  context: SqlQueryContext,
  field: SearchField,
  ...tests: ReadonlyArray<Statement.Fragment>
): Condition => ({
  ...hasField(context, named(context, field), ...tests),
  isOnce: field.isSingle,
})

/** The record has a matching word, in this field or in any field. */
const hasWord = (context: SqlQueryContext, field: string | undefined, test: Statement.Fragment): Condition => {
  const { sql, collection } = context
  return isIn(
    sql,
    sql`SELECT id FROM document_words WHERE ${sql.and([
      sql`collection = ${collection}`,
      test,
      ...(field === undefined ? [] : [sql`field = ${field}`]),
      ...inRange(context, "id"),
    ])}`,
  )
}

const below = ({ sql }: SqlQueryContext, path: string) =>
  // `/` is the character after `.`
  sql`(field >= ${`${path}.`} AND field < ${`${path}/`})`

const named = (context: SqlQueryContext, { kind, path }: SearchField) =>
  kind === "tree" ? below(context, path) : context.sql`field = ${path}`

const terms = (context: SqlQueryContext, query: Omit<Of<"Terms">, "boost">, field: SearchField): Parsed<Condition> => {
  const { sql } = context
  const texts = query.values.map(String)
  const whole = () =>
    query.caseInsensitive
      ? inField(context, field, sql`LOWER(text) IN ${sql.in(texts.map(lowerAscii))}`)
      : inField(context, field, sql.in("text", texts))
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
        inField(context, field, sql.in("number", times)),
      )
    case "dynamic":
      return Result.succeed(
        anyOf(context, [
          hasWord(context, field.path, sql.in("word", query.caseInsensitive ? texts.map(lower) : texts)),
          whole(),
          inField(context, field, sql.in("number", query.values.flatMap(numeric))),
        ]),
      )
  }
}

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
  const enoughWords: Condition =
    tests.length === 0
      ? never(sql)
      : needed === 1
        ? { ...hasWord(context, field?.path, sql.in("word", distinct)), ...setOf(anyOf(context, tests)) }
        : atLeast(context, needed, tests)
  const score = times(
    sql,
    query.boost,
    plus(
      sql,
      tests.map(({ where }) => when(sql, where, number(sql, 1))),
    ),
  )
  // What has all words has the same score.
  const constant = needed >= tests.length ? { constant: bounded(query.boost) * tests.length } : {}
  if (field === undefined || field.kind === "words")
    return Result.succeed({
      ...enoughWords,
      ...constant,
      score,
      parts: tests.map((test) => partOf(test, query.boost)),
    })
  // An unmapped number or boolean is not text.
  return Result.map(terms(context, asTerms(query, field.path), field), (value) => ({
    ...anyOf(context, [enoughWords, value]),
    ...(tests.length === 1 ? constant : {}),
    score: when(sql, enoughWords.where, score, number(sql, query.boost)),
  }))
}

const asTerms = (query: Of<"Match"> | Of<"Phrase">, field: string): Of<"Terms"> => ({
  _tag: "Terms",
  field,
  values: [query.text],
  caseInsensitive: false,
  boost: query.boost,
})

const phrase = (context: SqlQueryContext, query: Of<"Phrase">): Parsed<Condition> => {
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
    isIn(
      sql,
      sql`SELECT w0.id FROM document_words w0 ${sql.join(" ", false)(joins)} WHERE ${sql.and([
        sql`w0.collection = ${collection}`,
        ...list.slice(0, 1).map((text) => word(0, text)),
        ...(field === undefined ? [] : [sql`w0.field = ${field.path}`]),
        ...inRange(context, "w0.id"),
      ])}`,
    ),
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
const startingWith = (context: SqlQueryContext, name: string | undefined, start: string): Condition => {
  const field = name === undefined ? undefined : fieldAt(name)
  return field === undefined || isAnalysed(field)
    ? hasWord(context, field?.path, within(context.sql, "word", start))
    : inField(context, field, within(context.sql, "text", start))
}

const values = (context: SqlQueryContext, { field, values: found }: Of<"Values">): Condition =>
  inField(context, fieldAt(field), listed(context, "text", found))

/** These values as rows, passed in one parameter. */
export const rowsOfJson = (
  sql: SqlClient.SqlClient,
  { listed: [before, after] }: SqlDialect,
  values: ReadonlyArray<string>,
) => sql`${sql.literal(before)}${JSON.stringify(values)}${sql.literal(after)}`

/** The column equals one of these values. */
const listed = ({ sql, dialect }: SqlQueryContext, column: string, found: ReadonlyArray<string>) =>
  sql`${sql(column)} IN (${rowsOfJson(sql, dialect, found)})`

const best = (context: SqlQueryContext, { queries, tieBreaker, boost }: Of<"Best">): Parsed<SqlQuery> => {
  const { sql, dialect } = context
  return Result.map(Result.all(queries.map((query) => compile(context, query))), (all) => {
    const scores = all.map(({ where, score }) => when(sql, where, score))
    const greatest = scores.reduce((one, other) => sql`${sql.literal(dialect.greater)}(${one}, ${other})`)
    const share = number(sql, Math.max(0, Math.min(1, tieBreaker)))
    const score = tieBreaker === 0 ? greatest : sql`(${greatest}) + ${share} * ((${plus(sql, scores)}) - (${greatest}))`
    return { ...anyOf(context, all), score: times(sql, boost, score) }
  })
}

const exists = (context: SqlQueryContext, name: string): Condition => {
  if (name === "_id") return everything(context)
  const field = fieldAt(name)
  if (field.isSingle) return inField(context, field)
  return hasField(context, context.sql.or([context.sql`field = ${field.path}`, below(context, field.path)]))
}

const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const

const range = (context: SqlQueryContext, query: Of<"Range">): Parsed<Condition> => {
  const { sql } = context
  const field = fieldAt(query.field)
  return Result.map(Result.all(query.bounds.map((bound) => limit(context, field, bound))), (limits) => {
    const isText = limits.some(({ isText }) => isText) || field.kind === "exact" || field.kind === "words"
    const column = sql(isText ? "text" : "number")
    const name = isText && field.kind !== "exact" && field.kind !== "tree" ? `${field.path}.keyword` : field.path
    return inField(
      context,
      { ...field, path: name },
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
    const all = [...must, ...filter, ...(needed > 0 ? [atLeast(context, needed, should)] : [])]
    const score = times(
      sql,
      query.boost,
      plus(sql, [...must.map(({ score }) => score), ...should.map(({ where, score }) => when(sql, where, score))]),
    )
    const constants = [...must, ...should].map(({ constant }) => constant)
    const parts = [...must, ...should].map(({ parts }) => parts)
    const isConstant = (should.length === 0 || should.length === needed) && constants.every(isPresent)
    return {
      ...except(context, all.length === 0 ? everything(context) : allOf(context, all), mustNot),
      score,
      ...(parts.every(isPresent)
        ? { parts: parts.flat().map((part) => ({ ...part, weight: bounded(query.boost) * part.weight })) }
        : {}),
      ...(isConstant ? { constant: bounded(query.boost) * constants.reduce((sum, one) => sum + one, 0) } : {}),
    }
  })
