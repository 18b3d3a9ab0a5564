/** How many records have each score, where scores are sums: read from the sets of their parts, not record by record. */
import { Effect } from "effect"
import type { StoreError } from "../StoreError.ts"
import { idsOf, unionAll } from "./SqlCondition.ts"
import type { SqlQuery, SqlQueryContext } from "./SqlQuery.ts"
import { run } from "./SqlStatement.ts"

export interface Level {
  readonly score: number
  readonly count: number
  readonly ids: Effect.Effect<ReadonlyArray<string>, StoreError>
}

export interface Scores {
  /** The highest score first. */
  readonly levels: ReadonlyArray<Level>
  /** Of the collection. */
  readonly records: number
}

/** Whether a sum is the same in any order. */
export const isExact = ({ ids, parts }: SqlQuery): boolean =>
  ids !== undefined &&
  parts !== undefined &&
  parts.every((part) => part.ids !== undefined && Number.isSafeInteger(part.weight))

export const of = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  query: SqlQuery,
  records: number,
): Effect.fn.Return<Scores, StoreError> {
  const { sql, collection } = context
  const one = sql.literal("1")
  const entries = [
    sql`SELECT id, 0 AS weight, ${one} AS found FROM (${idsOf(sql, query, collection)}) s`,
    ...(query.parts ?? []).map(
      ({ weight, ...part }) =>
        sql`SELECT id, ${sql.literal(String(weight))} AS weight, 0 AS found FROM (${idsOf(sql, { where: one, ...part }, collection)}) s`,
    ),
  ]
  const { inOrderOfId } = context.dialect
  const scored = sql`SELECT id, SUM(weight) AS score FROM (
      ${unionAll(sql, entries)} ${sql.literal(inOrderOfId)}
    ) e GROUP BY id HAVING MAX(found) = 1`
  const rows = yield* run(sql<{ score: number | bigint | string; n: number | bigint }>`
    SELECT score, COUNT(*) AS n FROM (${scored}) s GROUP BY score ORDER BY score DESC`)
  const levels = rows.map((row): Level => {
    const score = Number(row.score)
    const found = run(sql<{ id: string }>`SELECT id FROM (${scored}) s WHERE score = ${sql.literal(String(score))}`)
    return { score, count: Number(row.n), ids: Effect.map(found, (all) => all.map(({ id }) => id)) }
  })
  return { levels, records }
})
