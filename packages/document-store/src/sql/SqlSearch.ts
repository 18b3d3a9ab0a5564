/** A search as SQL: one statement counts, one reads the page, one for each aggregation counts by value. */
import { DateTime, Effect, Result } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { type Collection, shown } from "../Document.ts"
import type { StoreError } from "../StoreError.ts"
import type { Hit, SearchRequest, SearchResult, SortValue, TermsBuckets } from "../search/Search.ts"
import type { Aggregation } from "../search/SearchAggregation.ts"
import { type Parsed, refuse } from "../search/SearchBody.ts"
import * as SearchDate from "../search/SearchDate.ts"
import { fieldAt, type SearchField } from "../search/SearchFields.ts"
import type { SortKey } from "../search/SearchSort.ts"
import { applySourceFilter } from "../search/SearchSource.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"
import { compile, type SqlQuery, type SqlQueryContext } from "./SqlQuery.ts"
import { type DocumentRow, documentOf } from "./SqlWrites.ts"

export const search = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  dialect: SqlDialect,
  collection: Collection,
  request: SearchRequest,
): Effect.fn.Return<SearchResult, StoreError> {
  const context = { sql, dialect, collection, now: yield* DateTime.now }
  const query = yield* Effect.fromResult(compile(context, request.query))
  const keys = yield* Effect.fromResult(sortKeys(context, request.sort))
  const { total, maxScore } = yield* totals(
    context,
    query,
    keys.some(({ isScore }) => isScore),
  )
  const hits = request.size === 0 ? [] : yield* page(context, request, query, keys)
  const aggregations = yield* Effect.all(
    Object.fromEntries(Object.entries(request.aggregations).map(([name, one]) => [name, buckets(context, query, one)])),
  )
  return { total, maxScore, hits, aggregations }
})

/** Parameters that SQLite takes in one statement; PostgreSQL takes more. https://www.sqlite.org/limits.html */
const maxParameters = 32_766

/** Runs a statement, unless it holds what no database can take. */
const run = <A>(statement: Statement.Statement<A>) => {
  const [, values] = statement.compile()
  const unfit =
    values.length > maxParameters
      ? `the query holds ${values.length} values: at most [${maxParameters}] are taken`
      : values.some(hasNul)
        ? "the query holds the character U+0000, which no database finds"
        : undefined
  return unfit === undefined
    ? Effect.mapError(statement, storageFailed("search"))
    : Effect.fromResult(refuse(unfit, "illegal_argument_exception"))
}

const hasNul = (value: unknown) => typeof value === "string" && value.includes("\0")

const totals = Effect.fnUntraced(function* (context: SqlQueryContext, { where, score }: SqlQuery, isScored: boolean) {
  const { sql, collection } = context
  const [row] = yield* run(sql<{ total: number | bigint; max_score: number | null }>`
      SELECT COUNT(*) AS total, ${isScored ? sql`MAX(${score})` : sql.literal("NULL")} AS max_score
      FROM documents d WHERE d.collection = ${collection} AND ${where}`)
  return { total: Number(row?.total ?? 0), maxScore: row?.max_score ?? null }
})

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
  // The bare column would tempt SQLite to walk the index by value, for each record from its end.
  const value = sql.literal(isText ? "f.text || ''" : "f.number + 0")
  const first = sql`(SELECT ${sql.literal(key.order === "asc" ? "MIN" : "MAX")}(${value})
    FROM document_fields f WHERE f.collection = d.collection AND f.id = d.id AND f.field = ${path})`
  if (typeof key.missing === "string") return Result.succeed({ ...key, expression: first, isScore: false, isText })
  const missing = isText ? String(key.missing.value) : Number(key.missing.value)
  return Number.isNaN(missing)
    ? refuse(`[sort] missing of [${path}] must be a number`, "illegal_argument_exception")
    : Result.succeed({ ...key, expression: sql`COALESCE(${first}, ${missing})`, isScore: false, isText })
}

const unsortable = (path: string) =>
  refuse(
    `Text fields are not optimised for operations that require per-document field data like aggregations and sorting: use [${path}.keyword] instead of [${path}].`,
    "illegal_argument_exception",
  )

type PageRow = DocumentRow & { readonly score: number | null } & { readonly [key: `key_${number}`]: SortValue | bigint }

/** The hits of one page. Texts of records are read for this page only, after it is known which they are. */
const page = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  request: SearchRequest,
  { where, score }: SqlQuery,
  keys: ReadonlyArray<SqlSortKey>,
) {
  const { sql, collection } = context
  const isScored = keys.some(({ isScore }) => isScore)
  const columns = keys.map(
    ({ expression }, i) => sql`${expression === "score" ? score : expression} AS ${sql(`key_${i}`)}`,
  )
  const names = sql.csv(keys.map((_, i) => sql`${sql(`p.key_${i}`)}`))
  const order = (table: string) =>
    sql.csv([
      ...keys.map(
        ({ order, missing }, i) =>
          sql`${sql(`${table}.key_${i}`)} ${sql.literal(order)} NULLS ${sql.literal(missing === "_first" ? "FIRST" : "LAST")}`,
      ),
      sql`${sql(`${table}.id`)}`,
    ])
  const after =
    request.searchAfter === undefined
      ? sql.literal("1 = 1")
      : yield* Effect.fromResult(beyond(context, keys, request.searchAfter))
  const rows = yield* run(sql<PageRow>`
      SELECT p.id, p.score, ${names}, d.version, d.seq_no, d.source, '{}' AS sealed
      FROM (
        SELECT * FROM (
          SELECT d.id, ${isScored ? score : sql.literal("NULL")} AS score, ${sql.csv(columns)}
          FROM documents d WHERE d.collection = ${collection} AND ${where}
        ) m
        WHERE ${after} ORDER BY ${order("m")}
        LIMIT ${sql.literal(String(request.size))} OFFSET ${sql.literal(String(request.from))}
      ) p
      JOIN documents d ON d.collection = ${collection} AND d.id = p.id
      ORDER BY ${order("p")}`)
  return yield* Effect.forEach(rows, (row) => Effect.fromResult(hitOf(collection, request, keys.length, row)))
})

const hitOf = (
  collection: Collection,
  request: SearchRequest,
  keys: number,
  row: PageRow,
): Result.Result<Hit, StoreError> =>
  Result.map(documentOf(row), ({ id, version, seqNo, source }) => {
    const filtered = applySourceFilter(request.source, shown(collection, source))
    const sort = Array.from({ length: keys }, (_, i) => sortValue(row[`key_${i}`]))
    return {
      id,
      version,
      seqNo,
      score: row.score,
      ...(request.sort.length === 0 ? {} : { sort }),
      ...(filtered === undefined ? {} : { source: filtered }),
    }
  })

const sortValue = (value: SortValue | bigint | undefined): SortValue =>
  typeof value === "bigint" ? Number(value) : (value ?? null)

/** The rows after the given sort values: equal in the first keys, beyond in the next. */
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

/** How many of the found records have each value of a field. */
const buckets = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  { where }: SqlQuery,
  { field, size, minDocCount, order }: Aggregation,
): Effect.fn.Return<TermsBuckets, StoreError> {
  const { sql, collection } = context
  const { kind, path } = fieldAt(field)
  if (kind === "words") return yield* Effect.fromResult(unsortable(path))
  const isText = kind === "exact" || kind === "tree"
  const key = sql(isText ? "f.text" : "f.number")
  const found = sql`document_fields f WHERE f.collection = ${collection} AND f.field = ${path} AND ${key} IS NOT NULL
    AND f.id IN (SELECT d.id FROM documents d WHERE d.collection = ${collection} AND ${where})`
  const [all] = yield* run(sql<{ n: number | bigint }>`SELECT COUNT(*) AS n FROM ${found}`)
  const rows = yield* run(sql<BucketRow>`
      SELECT ${key} AS key, MIN(f.text) AS name, COUNT(*) AS n FROM ${found}
      GROUP BY ${key} HAVING COUNT(*) >= ${minDocCount}
      ORDER BY ${sql.csv([
        ...order.map(
          ({ by, direction }) => sql`${by === "_count" ? sql`COUNT(*)` : sql`${key}`} ${sql.literal(direction)}`,
        ),
        sql`${key}`,
      ])}
      LIMIT ${sql.literal(String(size))}`)
  const shown = rows.map((row) => bucketOf(kind, row))
  return {
    doc_count_error_upper_bound: 0,
    sum_other_doc_count: Number(all?.n ?? 0) - shown.reduce((sum, { doc_count }) => sum + doc_count, 0),
    buckets: shown,
  }
})

interface BucketRow {
  readonly key: string | number
  readonly name: string | null
  readonly n: number | bigint
}

/** A time is named as a date, a boolean by its word. */
const bucketOf = (kind: SearchField["kind"], { key, name, n }: BucketRow): TermsBuckets["buckets"][number] => {
  const doc_count = Number(n)
  if (typeof key === "string") return { key, doc_count }
  if (kind === "date") return { key, key_as_string: DateTime.formatIso(DateTime.makeUnsafe(key)), doc_count }
  return name === null ? { key, doc_count } : { key, key_as_string: name, doc_count }
}
