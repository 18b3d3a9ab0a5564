/** The aggregations of a search. */
import { DateTime, Effect } from "effect"
import type { TermsBuckets, ValueCount } from "../search/Search.ts"
import type { Terms } from "../search/SearchAggregation.ts"
import { fieldAt, type SearchField } from "../search/SearchFields.ts"
import type { StoreError } from "../StoreError.ts"
import { idsOf } from "./SqlCondition.ts"
import type { SqlQuery, SqlQueryContext } from "./SqlQuery.ts"
import { run, unsortable } from "./SqlStatement.ts"

/** How many of the found records have each value of a field. */
export const buckets = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  query: SqlQuery,
  { field, size, minDocCount, order }: Terms,
): Effect.fn.Return<TermsBuckets, StoreError> {
  const { sql, collection } = context
  const { kind, path } = fieldAt(field)
  if (kind === "words") return yield* Effect.fromResult(unsortable(path))
  const isText = kind === "exact" || kind === "tree"
  const key = sql(isText ? "f.text" : "f.number")
  const found = sql`document_fields f WHERE f.collection = ${collection} AND f.field = ${path} AND ${key} IS NOT NULL
    AND ${isFound(context, query)}`
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
  // Only a full list, or one of frequent values alone, can have left others out.
  const hasOthers = rows.length >= size || minDocCount > 1
  const [all] = hasOthers ? yield* run(sql<{ n: number | bigint }>`SELECT COUNT(*) AS n FROM ${found}`) : []
  const counted = shown.reduce((sum, { doc_count }) => sum + doc_count, 0)
  return {
    doc_count_error_upper_bound: 0,
    sum_other_doc_count: Number(all?.n ?? counted) - counted,
    buckets: shown,
  }
})

/** The row `f` is of a record that the query finds. */
const isFound = ({ sql, collection }: SqlQueryContext, query: SqlQuery) =>
  query.isAll === true ? sql.literal("1 = 1") : sql`f.id IN (${idsOf(sql, query, collection)})`

/** How many values of a field the found records have in total. */
export const valueCount = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  query: SqlQuery,
  field: string,
  total: number,
): Effect.fn.Return<ValueCount, StoreError> {
  const { sql, collection } = context
  if (field === "_id" || field === "_index") return { value: total }
  const { kind, path } = fieldAt(field)
  if (kind === "words") return yield* Effect.fromResult(unsortable(path))
  const [row] = yield* run(sql<{ n: number | bigint }>`
      SELECT COUNT(*) AS n FROM document_fields f WHERE f.collection = ${collection} AND f.field = ${path}
      AND ${isFound(context, query)}`)
  return { value: Number(row?.n ?? 0) }
})

interface BucketRow {
  readonly key: string | number
  readonly name: string | null
  readonly n: number | bigint
}

/** A time is returned as a date, a boolean as `true` or `false`. */
const bucketOf = (kind: SearchField["kind"], { key, name, n }: BucketRow): TermsBuckets["buckets"][number] => {
  const doc_count = Number(n)
  if (typeof key === "string") return { key, doc_count }
  if (kind === "date") return { key, key_as_string: DateTime.formatIso(DateTime.makeUnsafe(key)), doc_count }
  return name === null ? { key, doc_count } : { key, key_as_string: name, doc_count }
}
