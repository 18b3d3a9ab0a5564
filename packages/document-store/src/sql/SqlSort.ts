/** The order of hits in SQL: by each key, then by creation. */
import { Result } from "effect"
import type { Statement } from "effect/sql"
import { type Parsed, refuse } from "../search/SearchBody.ts"
import * as SearchDate from "../search/SearchDate.ts"
import { fieldAt } from "../search/SearchFields.ts"
import type { SortValue } from "../search/Search.ts"
import type { SortKey } from "../search/SearchSort.ts"
import { type PageRow, sortValue } from "./SqlHits.ts"
import type { SqlQueryContext } from "./SqlQuery.ts"
import { unsortable } from "./SqlStatement.ts"

export interface SqlSortKey extends Pick<SortKey, "order" | "missing"> {
  readonly expression: Statement.Fragment | "score"
  readonly isScore: boolean
  readonly isText: boolean
  /** The field whose index is in this order; absent where none is. */
  readonly path?: string
}

const byScore: SortKey = { field: "_score", order: "desc", missing: "_last" }

export const sortKeys = (context: SqlQueryContext, sort: ReadonlyArray<SortKey>): Parsed<ReadonlyArray<SqlSortKey>> =>
  Result.all((sort.length === 0 ? [byScore] : sort).map((key) => sortKey(context, key)))

const sortKey = ({ sql }: SqlQueryContext, { field, ...key }: SortKey): Parsed<SqlSortKey> => {
  if (field === "_score") return Result.succeed({ ...key, expression: "score", isScore: true, isText: false })
  if (field === "_id")
    return Result.succeed({ ...key, expression: sql`d.id`, isScore: false, isText: true, path: "_id" })
  if (field === "_doc") return Result.succeed({ ...key, expression: sql`d.seq_no`, isScore: false, isText: false })
  const { kind, path } = fieldAt(field)
  if (kind === "words") return unsortable(path)
  const isText = kind === "exact" || kind === "tree"
  // With the bare column, SQLite might scan the index by value, from its end, for each record.
  const value = sql.literal(isText ? "f.text || ''" : "f.number + 0")
  const first = sql`(SELECT ${sql.literal(key.order === "asc" ? "MIN" : "MAX")}(${value})
    FROM document_fields f WHERE f.collection = d.collection AND f.id = d.id AND f.field = ${path})`
  if (typeof key.missing === "string")
    return Result.succeed({ ...key, expression: first, isScore: false, isText, path })
  const missing = isText ? String(key.missing.value) : Number(key.missing.value)
  return Number.isNaN(missing)
    ? refuse(`[sort] missing of [${path}] must be a number`, "illegal_argument_exception")
    : Result.succeed({ ...key, expression: sql`COALESCE(${first}, ${missing})`, isScore: false, isText })
}

/** Merges two ordered lists of rows. */
export const merged = (
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

/** The rows after the given sort values: equal in the leading keys, greater in the next. */
export const beyond = (
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
