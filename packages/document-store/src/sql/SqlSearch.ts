/** Runs a search as SQL: one statement counts, one reads the page, and one for each aggregation counts by value. */
import { DateTime, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Collection } from "../Document.ts"
import type { StoreError } from "../StoreError.ts"
import * as StoreBounds from "../StoreBounds.ts"
import type { SearchRequest, SearchResult } from "../search/Search.ts"
import { refuse } from "../search/SearchBody.ts"
import { fieldAt } from "../search/SearchFields.ts"
import { clauses, type SearchQuery } from "../search/SearchQuery.ts"
import type { SortKey } from "../search/SearchSort.ts"
import { SearchWork } from "../search/SearchWork.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { buckets, valueCount } from "./SqlAggregations.ts"
import * as SqlScores from "./SqlScores.ts"
import { idsOf, never, unionAll } from "./SqlCondition.ts"
import { hitsOf, type PageRow } from "./SqlHits.ts"
import { isWalkable, sorted, walked } from "./SqlPage.ts"
import * as SqlPatterns from "./SqlPatterns.ts"
import { compile, inRange, type SqlQuery, type SqlQueryContext } from "./SqlQuery.ts"
import { merged, type SqlSortKey, sortKeys } from "./SqlSort.ts"
import { run } from "./SqlStatement.ts"

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
  const query = yield* queryIn(context, request, expanded)
  const { total, maxScore, rows } = yield* found({ context, request, query, expanded, keys, count, clauseCount })
  const hits = yield* hitsOf(context, request, keys.length, rows.slice(request.from), work)
  const aggregations = yield* Effect.all(
    Object.fromEntries(
      Object.entries(request.aggregations).map(([name, one]) => [
        name,
        one._tag === "Terms" ? buckets(context, query, one) : valueCount(context, query, one.field, total),
      ]),
    ),
  )
  return { total, maxScore, hits, aggregations }
})

interface Plan {
  readonly context: SqlQueryContext
  readonly request: SearchRequest
  readonly query: SqlQuery
  /** The query without patterns. */
  readonly expanded: SearchQuery
  readonly keys: ReadonlyArray<SqlSortKey>
  /** Of the collection. */
  readonly count: number
  readonly clauseCount: number
}

interface Found {
  readonly total: number
  readonly maxScore: number | null
  readonly rows: ReadonlyArray<PageRow>
}

/** What the query finds: from indices where it has a set of ids, else by tests of each record. */
const found = Effect.fnUntraced(function* (plan: Plan): Effect.fn.Return<Found, StoreError> {
  const { context, request, query, expanded, keys, count } = plan
  if (query.ids === undefined || !(yield* isQuick(plan))) return yield* tested(plan)
  // Each of the statements may take a while: other requests run between them.
  const turn = plan.clauseCount * count > testsPerStatement ? Effect.yieldNow : Effect.void
  const total = query.isAll === true ? count : yield* countIn(context, query)
  yield* turn
  const end = request.from + request.size
  const isScored = request.size > 0 && keys.some(({ isScore }) => isScore)
  if (request.size === 0) return { total, maxScore: null, rows: [] }
  if (total <= fewRecords || total * total <= end * count) {
    const rows = yield* sorted(context, request, query, keys)
    yield* turn
    const maxScore = isScored && total > 0 ? (query.constant ?? (yield* totals(context, query, true)).maxScore) : null
    return { total, maxScore, rows }
  }
  if (!isWalkable(request, query, keys)) return yield* tested(plan)
  const walk = { context, request, query: expanded, keys, sparsity: count / total }
  if (!isScored || query.constant !== undefined)
    return { total, maxScore: isScored ? (query.constant ?? null) : null, rows: yield* walked(walk) }
  const scores = yield* SqlScores.of(context, query, count)
  yield* turn
  return { total, maxScore: scores.levels[0]?.score ?? null, rows: yield* walked({ ...walk, scores }) }
})

/** Index entries that one statement reads, which takes about 100 ms. */
const entriesPerStatement = 1_000_000

/** Whether the sets of the query are small enough for one statement. */
const isQuick = Effect.fnUntraced(function* ({ context, query, count, clauseCount }: Plan) {
  const { sql } = context
  if (clauseCount * count <= entriesPerStatement) return true
  const sets = (query.parts ?? []).flatMap(({ ids }) => (ids === undefined ? [] : [ids]))
  // Filters do not add to the score: what they read is not known.
  if (sets.length * 2 < clauseCount - fewClauses || sets.length === 0) return false
  const entries = unionAll(
    sql,
    sets.map((ids) => sql`SELECT 1 AS n FROM (${ids}) s`),
  )
  const [row] = yield* run(sql<{ n: number | bigint }>`
    SELECT COUNT(*) AS n FROM (SELECT n FROM (${entries}) s LIMIT ${sql.literal(String(entriesPerStatement))}) s`)
  yield* Effect.yieldNow
  return Number(row?.n) < entriesPerStatement
})

/** So many records are sorted in a few milliseconds. */
const fewRecords = 1_000

const countIn = ({ sql, collection }: SqlQueryContext, query: SqlQuery) =>
  Effect.map(
    run(sql<{ n: number | bigint }>`SELECT COUNT(*) AS n FROM (${idsOf(sql, query, collection)}) s`),
    ([row]) => Number(row?.n ?? 0),
  )

/** Tests each record, of a part of the collection after the other. */
const tested = Effect.fnUntraced(function* (plan: Plan): Effect.fn.Return<Found, StoreError> {
  const { context, request, query: whole, expanded, keys, count, clauseCount } = plan
  const isScored = request.size > 0 && keys.some(({ isScore }) => isScore)
  const recordsPerStatement = Math.max(
    minRecordsPerStatement,
    Math.min(maxRecordsPerStatement, Math.floor(testsPerStatement / (clauseCount + keys.length))),
  )
  let total = 0
  let maxScore: number | null = null
  let rows: ReadonlyArray<PageRow> = []
  const ranges = count <= recordsPerStatement ? [undefined] : yield* rangesOf(context, recordsPerStatement)
  for (const range of ranges) {
    const part: SqlQueryContext = range === undefined ? context : { ...context, range }
    const query = range === undefined ? whole : yield* queryIn(part, request, expanded)
    const counted = yield* totals(part, query, isScored)
    total += counted.total
    if (counted.maxScore !== null) maxScore = Math.max(maxScore ?? counted.maxScore, counted.maxScore)
    if (request.size > 0) {
      const more = yield* sorted(part, request, query, keys)
      rows = rows.length === 0 ? more : merged(rows, more, keys).slice(0, request.from + request.size)
    }
    if (range !== undefined) yield* Effect.yieldNow
  }
  return { total, maxScore, rows }
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

/** The query without records below the minimum score. */
const scoring = ({ sql }: SqlQueryContext, query: SqlQuery, minScore: number | undefined): SqlQuery => {
  if (minScore === undefined) return query
  const { where, score, constant } = query
  if (constant === undefined) return { where: sql`(${where}) AND (${score}) >= ${minScore}`, score }
  return constant >= minScore ? query : { ...never(sql), score, constant }
}

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
      FROM documents d
      WHERE ${sql.and([sql`d.collection = ${context.collection}`, ...inRange(context, "d.id"), where])}`)
  return { total: Number(row?.total ?? 0), maxScore: row?.max_score ?? null }
})
