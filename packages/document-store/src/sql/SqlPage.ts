/**
 * The rows of a page: of few records all are sorted, of many an index is read in the order of the page, and only as far as
 * the page goes.
 */
import { Effect } from "effect"
import type { SearchRequest, SortValue } from "../search/Search.ts"
import type { SearchQuery } from "../search/SearchQuery.ts"
import type { StoreError } from "../StoreError.ts"
import { type PageRow, sortValue } from "./SqlHits.ts"
import { compile, inRange, type SqlQuery, type SqlQueryContext } from "./SqlQuery.ts"
import { beyond, type SqlSortKey } from "./SqlSort.ts"
import * as SqlScores from "./SqlScores.ts"
import { run } from "./SqlStatement.ts"

/** The value that a sort key has; `undefined` if it is the same for all rows. */
type Fixed = SortValue | undefined

/** The first rows in order, up to the end of the page. `fixed`: the values that their first sort keys have. */
export const sorted = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  request: SearchRequest,
  { where, score, ids }: SqlQuery,
  keys: ReadonlyArray<SqlSortKey>,
  fixed: ReadonlyArray<Fixed> = [],
): Effect.fn.Return<ReadonlyArray<PageRow>, StoreError> {
  const { sql, dialect, collection } = context
  const column = (i: number) => sql(`m.key_${i}`)
  const isScored = keys.some(({ isScore }) => isScore)
  const isFound = ids === undefined || context.range !== undefined ? where : sql`d.id IN (${ids})`
  const columns = keys.map(
    ({ expression }, i) => sql`${expression === "score" ? score : expression} AS ${sql(`key_${i}`)}`,
  )
  const order = sql.csv([
    ...keys.map(
      ({ order, missing }, i) =>
        sql`${column(i)} ${sql.literal(order)} NULLS ${sql.literal(missing === "_first" ? "FIRST" : "LAST")}`,
    ),
    sql.literal("m.creation"),
  ])
  const conditions = [
    ...fixed.flatMap((value, i) =>
      value === undefined ? [] : [value === null ? sql`${column(i)} IS NULL` : sql`${column(i)} = ${value}`],
    ),
    ...(request.searchAfter === undefined
      ? []
      : [yield* Effect.fromResult(beyond(context, keys, request.searchAfter))]),
  ]
  // The rows of `documents` hold the records' texts: only those of the page are read.
  return yield* run(sql<PageRow>`
      SELECT m.*, r.version, r.seq_no, OCTET_LENGTH(r.source) AS bytes FROM (
        SELECT m.* FROM (
          SELECT d.id, ${isScored ? score : sql.literal("NULL")} AS score,
            ${sql.literal(`d.${dialect.creation}`)} AS creation, ${sql.csv(columns)}
          FROM documents d
          WHERE ${sql.and([sql`d.collection = ${collection}`, ...inRange(context, "d.id"), isFound])}
        ) m
        WHERE ${sql.and(conditions)} ORDER BY ${order} LIMIT ${sql.literal(String(request.from + request.size))}
      ) m JOIN documents r ON r.collection = ${collection} AND r.id = m.id
      ORDER BY ${order}`)
})

/** Entries that one statement reads from an index, so that other requests run between statements. */
const minChunk = 100
const maxChunk = 1_000

interface Walk {
  readonly context: SqlQueryContext
  readonly request: SearchRequest
  readonly query: SearchQuery
  readonly keys: ReadonlyArray<SqlSortKey>
  /** How many entries of an index are read for one that the query finds. */
  readonly sparsity: number
  /** Where scores differ: each score, and how many records have it. */
  readonly scores?: SqlScores.Scores
}

type Rows = Effect.Effect<ReadonlyArray<PageRow>, StoreError>

/** Whether the page can be read in the order of indices. */
export const isWalkable = ({ searchAfter }: SearchRequest, query: SqlQuery, keys: ReadonlyArray<SqlSortKey>): boolean =>
  keys.every(({ isScore, path }, i) =>
    isScore
      ? query.constant !== undefined || (i === 0 && keys.length === 1 && SqlScores.isExact(query))
      : path !== undefined,
  ) && searchAfter?.[0] !== null

/** The same rows as `sorted` without a query that finds few. */
export const walked = (walk: Walk): Rows => inOrder(walk, [], walk.request.from + walk.request.size)

/** The first rows whose first sort keys have these values. */
const inOrder = (walk: Walk, fixed: ReadonlyArray<Fixed>, needed: number): Rows => {
  const key = walk.keys[fixed.length]
  if (key === undefined) return byRecord(walk, fixed, needed, walk.context.dialect.creation)
  if (key.isScore && walk.scores !== undefined) return byScore(walk, walk.scores, key.order, needed)
  if (key.isScore) return inOrder(walk, [...fixed, undefined], needed)
  return key.path === "_id" ? byRecord(walk, fixed, needed, "id", key.order) : byField(walk, key, fixed, needed)
}

const chunkOf = ({ sparsity }: Walk, needed: number) =>
  Math.max(minChunk, Math.min(maxChunk, Math.ceil(needed * sparsity * 1.5)))

/** Of these records, the rows that the query finds. */
const among = Effect.fnUntraced(function* (
  { context, request, query, keys }: Walk,
  fixed: ReadonlyArray<Fixed>,
  ids: ReadonlyArray<string>,
) {
  const some: SqlQueryContext = { ...context, range: [...new Set(ids)], isSparse: true }
  const rows = yield* sorted(some, request, yield* Effect.fromResult(compile(some, query)), keys, fixed)
  yield* Effect.yieldNow
  return rows
})

/** In the order of scores. Records of one score are in the order of their creation. */
const byScore = Effect.fnUntraced(function* (
  walk: Walk,
  scores: SqlScores.Scores,
  order: SqlSortKey["order"],
  needed: number,
): Effect.fn.Return<ReadonlyArray<PageRow>, StoreError> {
  const found: Array<PageRow> = []
  for (const { score, count, ids } of order === "desc" ? scores.levels : scores.levels.toReversed()) {
    if (found.length >= needed) break
    const sparsity = scores.records / count
    const rows =
      count <= maxChunk
        ? yield* among(walk, [score], yield* ids)
        : yield* inOrder({ ...walk, sparsity }, [score], needed - found.length)
    found.push(...rows)
  }
  return found.slice(0, needed)
})

/** In the order of a column of which each record has its own value. */
const byRecord = Effect.fnUntraced(function* (
  walk: Walk,
  fixed: ReadonlyArray<Fixed>,
  needed: number,
  name: string,
  order: SqlSortKey["order"] = "asc",
) {
  const { sql, collection } = walk.context
  const [column, direction] = [sql.literal(name), sql.literal(order)]
  const sign = sql.literal(order === "asc" ? ">" : "<")
  const size = chunkOf(walk, needed)
  const found: Array<PageRow> = []
  let last: SortValue | bigint =
    (name === "id" && fixed.length === 0 ? walk.request.searchAfter?.[0] : undefined) ?? null
  for (;;) {
    const after = last === null ? [] : [sql`${column} ${sign} ${last}`]
    const entries: ReadonlyArray<{ readonly id: string; readonly place: string | number | bigint }> = yield* run(sql<{
      id: string
      place: string | number | bigint
    }>`
      SELECT id, ${column} AS place FROM documents WHERE ${sql.and([sql`collection = ${collection}`, ...after])}
      ORDER BY ${column} ${direction} LIMIT ${sql.literal(String(size))}`)
    const rows = yield* among(
      walk,
      fixed,
      entries.map(({ id }) => id),
    )
    found.push(...rows)
    const final = entries.at(-1)
    if (found.length >= needed || final === undefined || entries.length < size) return found.slice(0, needed)
    last = final.place
  }
})

/** In the order of a field's values. Records of one value are in the order of the next key. */
const byField = Effect.fnUntraced(function* (
  walk: Walk,
  { path = "", order, missing, isText }: SqlSortKey,
  fixed: ReadonlyArray<Fixed>,
  needed: number,
): Effect.fn.Return<ReadonlyArray<PageRow>, StoreError> {
  const { sql, collection } = walk.context
  const found: Array<PageRow> = []
  const withoutValue = Effect.suspend(() => inOrder(walk, [...fixed, null], needed - found.length))
  if (missing === "_first") found.push(...(yield* withoutValue))
  const column = sql(isText ? "text" : "number")
  const [next, from] = order === "asc" ? [">", ">="] : ["<", "<="]
  const size = chunkOf(walk, needed)
  const start = fixed.length === 0 ? walk.request.searchAfter?.[0] : undefined
  let after =
    typeof start === (isText ? "string" : "number")
      ? sql`${column} ${sql.literal(from)} ${start}`
      : sql`${column} IS NOT NULL`
  while (found.length < needed) {
    const entries = yield* run(sql<{ id: string; value: string | number }>`
      SELECT id, ${column} AS value FROM document_fields
      WHERE ${sql.and([sql`collection = ${collection}`, sql`field = ${path}`, after])}
      ORDER BY ${column} ${sql.literal(order)} LIMIT ${sql.literal(String(size))}`)
    const final = entries.at(-1)
    const isEnd = final === undefined || entries.length < size
    // Of the last value there may be more.
    const whole = isEnd ? entries : entries.filter(({ value }) => value !== final.value)
    if (!isEnd && whole.length === 0) {
      found.push(...(yield* inOrder(walk, [...fixed, final.value], needed - found.length)))
      after = sql`${column} ${sql.literal(next)} ${final.value}`
      continue
    }
    const values = new Set<unknown>(whole.map(({ value }) => value))
    const rows = yield* among(
      walk,
      fixed,
      whole.map(({ id }) => id),
    )
    // A record with several values is at the first of them.
    found.push(...rows.filter((row) => values.has(sortValue(row[`key_${fixed.length}`]))))
    if (isEnd) break
    after = sql`${column} ${sql.literal(from)} ${final.value}`
  }
  if (missing !== "_first" && found.length < needed) found.push(...(yield* withoutValue))
  return found.slice(0, needed)
})
