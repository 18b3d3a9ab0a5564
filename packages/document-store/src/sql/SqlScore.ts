/** Scores as SQL. */
import type { SqlClient, Statement } from "effect/sql"
import { type Condition, setOf } from "./SqlCondition.ts"

/** A set of records, and what being in it adds to a score. */
export interface Part extends Pick<Condition, "ids" | "isOnce"> {
  readonly weight: number
}

/** With a larger boost, sums of scores could overflow. */
const maxBoost = 1e12

export const bounded = (boost: number) => Math.max(-maxBoost, Math.min(maxBoost, boost)) || 0

/** A boost as a literal, because PostgreSQL could not infer the type of a parameter in a sum. */
export const number = ({ literal }: SqlClient.SqlClient, value: number) =>
  literal(`CAST(${bounded(value)} AS DOUBLE PRECISION)`)

export const when = (
  sql: SqlClient.SqlClient,
  test: Statement.Fragment,
  then: Statement.Fragment,
  otherwise = number(sql, 0),
) => sql`CASE WHEN ${test} THEN ${then} ELSE ${otherwise} END`

export const plus = (sql: SqlClient.SqlClient, scores: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  scores.length === 0 ? number(sql, 0) : sql.join(" + ")(scores)

export const times = (sql: SqlClient.SqlClient, boost: number, score: Statement.Fragment) =>
  boost === 1 ? score : sql`${number(sql, boost)} * (${score})`

export const partOf = (condition: Condition, boost: number): Part => ({ ...setOf(condition), weight: bounded(boost) })

export const isPresent = <A>(value: A | undefined): value is A => value !== undefined
