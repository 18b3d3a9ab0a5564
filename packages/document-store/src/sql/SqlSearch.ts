/** Runs a search as SQL: one statement counts, one reads the page, and one for each aggregation counts by value. */
import { DateTime, Effect, Result } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Collection } from "../Document.ts"
import type { StoreError } from "../StoreError.ts"
import * as StoreBounds from "../StoreBounds.ts"
import type { SearchRequest, SearchResult, SortValue } from "../search/Search.ts"
import { type Parsed, refuse } from "../search/SearchBody.ts"
import * as SearchDate from "../search/SearchDate.ts"
import { fieldAt } from "../search/SearchFields.ts"
import { clauses, type SearchQuery } from "../search/SearchQuery.ts"
import type { SortKey } from "../search/SearchSort.ts"
import { SearchWork } from "../search/SearchWork.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { buckets, valueCount } from "./SqlAggregations.ts"
import { hitsOf, type PageRow, sortValue } from "./SqlHits.ts"
import * as SqlPatterns from "./SqlPatterns.ts"
import { compile, inRange, type SqlQuery, type SqlQueryContext } from "./SqlQuery.ts"
import { run, unsortable } from "./SqlStatement.ts"

export const search = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  dialect: SqlDialect,
  collection: Collection,
  request: SearchRequest,
  work = new SearchWork(),
): Effect.fn.Return<SearchResult, StoreError> {
  const context = { sql, dialect, collection, now: yield* DateTime.now }
  const count = yield* countOf(context)
  const clauseCount = clauses(request.query)
  if (clauseCount > fewClauses && clauseCount * count > StoreBounds.searchTests)
    return yield* tooManyTests(clauseCount, count)
  const expanded = yield* SqlPatterns.expand(context, work, request.query, count)
  const keys = yield* Effect.fromResult(sortKeys(context, request.sort))
  yield* refuseUnknown(context, request.sort)
  const isScored = request.size > 0 && keys.some(({ isScore }) => isScore)
  const whole = yield* queryIn(context, request, expanded)
  const recordsPerStatement = Math.max(
    minRecordsPerStatement,
    Math.min(maxRecordsPerStatement, Math.floor(testsPerStatement / (clauseCount + keys.length))),
  )
  let total = 0
  let maxScore: number | null = null
  let found: ReadonlyArray<PageRow> = []
  const isNarrow = clauseCount <= fewClauses && isSelective(request.query)
  const ranges = count <= recordsPerStatement || isNarrow ? [undefined] : yield* rangesOf(context, recordsPerStatement)
  for (const range of ranges) {
    const part: SqlQueryContext = range === undefined ? context : { ...context, range }
    const query = range === undefined ? whole : yield* queryIn(part, request, expanded)
    const counted = yield* totals(part, query, isScored)
    total += counted.total
    if (counted.maxScore !== null) maxScore = Math.max(maxScore ?? counted.maxScore, counted.maxScore)
    if (request.size > 0) {
      const rows = yield* rowsOf(part, request, query, keys)
      found = found.length === 0 ? rows : merged(found, rows, keys).slice(0, request.from + request.size)
    }
    if (range !== undefined) yield* Effect.yieldNow
  }
  const hits = yield* hitsOf(context, request, keys.length, found.slice(request.from), work)
  const aggregations = yield* Effect.all(
    Object.fromEntries(
      Object.entries(request.aggregations).map(([name, one]) => [
        name,
        one._tag === "Terms" ? buckets(context, whole, one) : valueCount(context, whole, one.field, total),
      ]),
    ),
  )
  return { total, maxScore, hits, aggregations }
})

/**
 * Clauses times records that one statement evaluates, which takes about 10 ms, and the limits on its records. Other
 * requests run between statements.
 */
const testsPerStatement = 20_000
const minRecordsPerStatement = 100
const maxRecordsPerStatement = 10_000

const countOf = ({ sql, collection }: SqlQueryContext) =>
  Effect.map(
    run(sql<{ n: number | bigint }>`SELECT COUNT(*) AS n FROM documents WHERE collection = ${collection}`),
    ([row]) => Number(row?.n ?? 0),
  )

/** Whether an index narrows the search to few records. */
const isSelective = (query: SearchQuery): boolean =>
  query._tag === "Ids" ||
  query._tag === "Terms" ||
  (query._tag === "Bool" && [...query.must, ...query.filter].some(isSelective))

/** The ids of the collection in order, in groups of the given size. */
const rangesOf = Effect.fnUntraced(function* ({ sql, collection }: SqlQueryContext, recordsPerStatement: number) {
  const ranges: Array<ReadonlyArray<string>> = []
  for (let after = ""; ;) {
    const rows = yield* run(sql<{ id: string }>`
      SELECT id FROM documents WHERE collection = ${collection} AND id > ${after} ORDER BY id
      LIMIT ${sql.literal(String(recordsPerStatement))}`)
    const ids = rows.map(({ id }) => id)
    if (ids.length > 0) ranges.push(ids)
    const final = ids.at(-1)
    if (final === undefined || ids.length < recordsPerStatement) return ranges
    after = final
  }
})

const queryIn = (context: SqlQueryContext, { minScore }: SearchRequest, query: SearchQuery) =>
  Effect.map(Effect.fromResult(compile(context, query)), (compiled) => scoring(context, compiled, minScore))

/** Merges two ordered lists of rows. */
const merged = (
  one: ReadonlyArray<PageRow>,
  other: ReadonlyArray<PageRow>,
  keys: ReadonlyArray<SqlSortKey>,
): ReadonlyArray<PageRow> => {
  const all: Array<PageRow> = []
  let [i, j] = [0, 0]
  for (let [a, b] = [one[0], other[0]]; a !== undefined || b !== undefined; [a, b] = [one[i], other[j]]) {
    if (b === undefined || (a !== undefined && compared(a, b, keys) <= 0)) {
      if (a !== undefined) all.push(a)
      i++
    } else {
      all.push(b)
      j++
    }
  }
  return all
}

/** Compares rows in the database's order: by each key, then by creation. */
const compared = (a: PageRow, b: PageRow, keys: ReadonlyArray<SqlSortKey>): number => {
  for (const [i, { order, missing }] of keys.entries()) {
    const [x, y] = [sortValue(a[`key_${i}`]), sortValue(b[`key_${i}`])]
    if (x === null || y === null) {
      if (x !== y) return (x === null) === (missing === "_first") ? -1 : 1
      continue
    }
    const by =
      typeof x === "string" || typeof y === "string"
        ? Buffer.compare(Buffer.from(String(x)), Buffer.from(String(y)))
        : x - y
    if (by !== 0) return order === "asc" ? by : -by
  }
  return Number(a.creation) - Number(b.creation)
}

/** The query without records below the minimum score. */
const scoring = ({ sql }: SqlQueryContext, { where, score }: SqlQuery, minScore: number | undefined): SqlQuery =>
  minScore === undefined ? { where, score } : { where: sql`(${where}) AND (${score}) >= ${minScore}`, score }

/** This many clauses are allowed for any number of records. */
const fewClauses = 32

const tooManyTests = (clauseCount: number, count: number) =>
  Effect.fromResult(
    refuse(
      `too_many_clauses: [${clauseCount}] clauses are too many for [${count}] records. Use [${Math.floor(StoreBounds.searchTests / count)}] at most`,
      "illegal_argument_exception",
    ),
  )

/** An unmapped field that no record has is probably a mistake; in an empty collection this cannot be decided. */
const refuseUnknown = Effect.fnUntraced(function* (context: SqlQueryContext, sort: ReadonlyArray<SortKey>) {
  const { sql, collection } = context
  const clauseCount = sort.filter(
    ({ field, mayBeUnknown }) =>
      mayBeUnknown !== true && !["_score", "_id", "_doc"].includes(field) && !isMapped(field),
  )
  if (clauseCount.length === 0) return
  const [any] = yield* run(sql`SELECT 1 AS n FROM documents WHERE collection = ${collection} LIMIT 1`)
  if (any === undefined) return
  for (const { field } of clauseCount) {
    const [known] = yield* run(
      sql`SELECT 1 AS n FROM document_fields WHERE collection = ${collection} AND field = ${fieldAt(field).path} LIMIT 1`,
    )
    if (known === undefined)
      return yield* Effect.fromResult(
        refuse(`No mapping found for [${field}] in order to sort on`, "query_shard_exception"),
      )
  }
})

/** Whether a field is known without reading records. */
const isMapped = (field: string): boolean => {
  const parent = field.endsWith(".keyword") ? field.slice(0, -".keyword".length) : field
  return fieldAt(parent).kind !== "dynamic"
}

const totals = Effect.fnUntraced(function* (context: SqlQueryContext, { where, score }: SqlQuery, isScored: boolean) {
  const { sql } = context
  const [row] = yield* run(sql<{ total: number | bigint; max_score: number | null }>`
      SELECT COUNT(*) AS total, ${isScored ? sql`MAX(${score})` : sql.literal("NULL")} AS max_score
      FROM documents d WHERE ${looked(context, where)}`)
  return { total: Number(row?.total ?? 0), maxScore: row?.max_score ?? null }
})

/** The row `d` is one to consider, and satisfies the condition. */
const looked = (context: SqlQueryContext, where: Statement.Fragment) =>
  context.sql.and([context.sql`d.collection = ${context.collection}`, ...inRange(context, "d.id"), where])

interface SqlSortKey extends Pick<SortKey, "order" | "missing"> {
  readonly expression: Statement.Fragment | "score"
  readonly isScore: boolean
  readonly isText: boolean
}

const byScore: SortKey = { field: "_score", order: "desc", missing: "_last" }

const sortKeys = (context: SqlQueryContext, sort: ReadonlyArray<SortKey>): Parsed<ReadonlyArray<SqlSortKey>> =>
  Result.all((sort.length === 0 ? [byScore] : sort).map((key) => sortKey(context, key)))

const sortKey = ({ sql }: SqlQueryContext, { field, ...key }: SortKey): Parsed<SqlSortKey> => {
  if (field === "_score") return Result.succeed({ ...key, expression: "score", isScore: true, isText: false })
  if (field === "_id") return Result.succeed({ ...key, expression: sql`d.id`, isScore: false, isText: true })
  if (field === "_doc") return Result.succeed({ ...key, expression: sql`d.seq_no`, isScore: false, isText: false })
  const { kind, path } = fieldAt(field)
  if (kind === "words") return unsortable(path)
  const isText = kind === "exact" || kind === "tree"
  // With the bare column, SQLite might scan the index by value, from its end, for each record.
  const value = sql.literal(isText ? "f.text || ''" : "f.number + 0")
  const first = sql`(SELECT ${sql.literal(key.order === "asc" ? "MIN" : "MAX")}(${value})
    FROM document_fields f WHERE f.collection = d.collection AND f.id = d.id AND f.field = ${path})`
  if (typeof key.missing === "string") return Result.succeed({ ...key, expression: first, isScore: false, isText })
  const missing = isText ? String(key.missing.value) : Number(key.missing.value)
  return Number.isNaN(missing)
    ? refuse(`[sort] missing of [${path}] must be a number`, "illegal_argument_exception")
    : Result.succeed({ ...key, expression: sql`COALESCE(${first}, ${missing})`, isScore: false, isText })
}

/** The first rows in order, up to the end of the page. */
const rowsOf = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  request: SearchRequest,
  { where, score }: SqlQuery,
  keys: ReadonlyArray<SqlSortKey>,
) {
  const { sql, dialect } = context
  const isScored = keys.some(({ isScore }) => isScore)
  const columns = keys.map(
    ({ expression }, i) => sql`${expression === "score" ? score : expression} AS ${sql(`key_${i}`)}`,
  )
  const names = sql.csv(keys.map((_, i) => sql`${sql(`m.key_${i}`)}`))
  const order = sql.csv([
    ...keys.map(
      ({ order, missing }, i) =>
        sql`${sql(`m.key_${i}`)} ${sql.literal(order)} NULLS ${sql.literal(missing === "_first" ? "FIRST" : "LAST")}`,
    ),
    sql.literal("m.creation"),
  ])
  const after =
    request.searchAfter === undefined
      ? sql.literal("1 = 1")
      : yield* Effect.fromResult(beyond(context, keys, request.searchAfter))
  return yield* run(sql<PageRow>`
      SELECT m.id, m.score, m.version, m.seq_no, m.bytes, m.creation, ${names} FROM (
        SELECT d.id, d.version, d.seq_no, OCTET_LENGTH(d.source) AS bytes,
          ${isScored ? score : sql.literal("NULL")} AS score, ${sql.literal(`d.${dialect.creation}`)} AS creation,
          ${sql.csv(columns)}
        FROM documents d WHERE ${looked(context, where)}
      ) m
      WHERE ${after} ORDER BY ${order}
      LIMIT ${sql.literal(String(request.from + request.size))}`)
})

/** The rows after the given sort values: equal in the leading keys, greater in the next. */
const beyond = (
  context: SqlQueryContext,
  keys: ReadonlyArray<SqlSortKey>,
  values: ReadonlyArray<SortValue>,
): Parsed<Statement.Fragment> => {
  const { sql } = context
  return Result.map(Result.all(keys.map((key, i) => place(context, key, values[i] ?? null))), (places) => {
    const column = (i: number) => sql(`m.key_${i}`)
    const equal = (i: number) => (places[i] === null ? sql`${column(i)} IS NULL` : sql`${column(i)} = ${places[i]}`)
    return sql.or(
      keys.map(({ order, missing }, i) => {
        const hasMissingLast = missing !== "_first"
        const next =
          places[i] === null
            ? sql.literal(hasMissingLast ? "1 = 0" : `m.key_${i} IS NOT NULL`)
            : sql.or([
                sql`${column(i)} ${sql.literal(order === "asc" ? ">" : "<")} ${places[i]}`,
                ...(hasMissingLast ? [sql`${column(i)} IS NULL`] : []),
              ])
        return sql.and([...keys.slice(0, i).map((_, j) => equal(j)), next])
      }),
    )
  })
}

const place = ({ now }: SqlQueryContext, { isText }: SqlSortKey, value: SortValue): Parsed<SortValue> => {
  if (value === null) return Result.succeed(null)
  if (isText) return Result.succeed(String(value))
  const number = typeof value === "number" || value.trim() === "" || Number.isNaN(Number(value)) ? value : Number(value)
  const found = typeof number === "number" ? number : SearchDate.parse(number, now, false)
  return found === undefined
    ? refuse(`Failed to parse search_after value [${value}]: a number was expected`, "illegal_argument_exception")
    : Result.succeed(found)
}
