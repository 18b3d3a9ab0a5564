/** Conditions on a row `d` of `documents`, and the same as sets of ids, which indices answer without a test of each row. */
import { Array as Arr } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { SqlDialect } from "./SqlDialect.ts"

export interface Condition {
  readonly where: Statement.Fragment
  /** A statement that reads the ids of the rows that satisfy it; absent where only a test of each row says so. */
  readonly ids?: Statement.Fragment
  /** Whether it reads no id twice. */
  readonly isOnce?: boolean
  /** Whether every record satisfies it. */
  readonly isAll?: boolean
}

/** Where conditions are put together. */
export interface Place {
  readonly sql: SqlClient.SqlClient
  readonly dialect: SqlDialect
}

type Sql = SqlClient.SqlClient

export const never = (sql: Sql): Condition => ({
  where: sql.literal("1 = 0"),
  ids: sql`SELECT id FROM documents WHERE 1 = 0`,
  isOnce: true,
})

export const anyOf = (place: Place, conditions: ReadonlyArray<Condition>): Condition =>
  combined(place, "UNION", conditions, place.sql.or(conditions.map(({ where }) => where)))

export const allOf = (place: Place, conditions: ReadonlyArray<Condition>): Condition => {
  const selective = conditions.filter(({ isAll }) => isAll !== true)
  return combined(
    place,
    "INTERSECT",
    selective.length === 0 ? conditions.slice(0, 1) : selective,
    place.sql.and(conditions.map(({ where }) => where)),
  )
}

/** The condition holds and none of the others does. */
export const except = (place: Place, condition: Condition, others: ReadonlyArray<Condition>): Condition => {
  if (others.length === 0) return condition
  const { sql, dialect } = place
  const [before, between, after] = dialect.excluded
  const where = sql.and([condition.where, ...others.map(({ where }) => sql`NOT (${where})`)])
  const other = anyOf(place, others)
  if (condition.ids === undefined || other.ids === undefined) return { where }
  const ids = sql`${sql.literal(before)}${condition.ids}${sql.literal(between)}${other.ids}${sql.literal(after)}`
  return { where, ids, ...(condition.isOnce && { isOnce: true }) }
}

/** At least this many of the conditions hold. */
export const atLeast = (place: Place, needed: number, conditions: ReadonlyArray<Condition>): Condition => {
  const { sql } = place
  if (needed > conditions.length) return never(sql)
  if (needed === 1) return anyOf(place, conditions)
  if (needed === conditions.length) return allOf(place, conditions)
  const held = conditions.map(({ where }) => sql`CASE WHEN ${where} THEN 1 ELSE 0 END`)
  return { where: sql`${sql.join(" + ")(held)} >= ${sql.literal(String(needed))}` }
}

/** What says which ids satisfy it. */
export const setOf = ({ ids, isOnce, isAll }: Condition) => ({
  ...(ids && { ids }),
  ...(isOnce && { isOnce }),
  ...(isAll && { isAll }),
})

type Operator = "UNION" | "INTERSECT"

const combined = (
  place: Place,
  operator: Operator,
  conditions: ReadonlyArray<Condition>,
  where: Statement.Fragment,
): Condition => {
  const [only, another] = conditions
  if (only !== undefined && another === undefined) return { where, ...setOf(only) }
  const sets = conditions.flatMap(({ ids }) => (ids === undefined ? [] : [ids]))
  return sets.length < conditions.length || sets.length === 0
    ? { where }
    : { where, ids: joined(place, operator, sets), isOnce: true }
}

/** How many sets a statement combines before it nests: SQLite takes 500. https://www.sqlite.org/limits.html */
const maxSets = 100

const joined = (place: Place, operator: Operator, sets: ReadonlyArray<Statement.Fragment>): Statement.Fragment => {
  const { sql, dialect } = place
  if (sets.length > maxSets) {
    const parts = Arr.chunksOf(sets, maxSets).map((some) => joined(place, operator, some))
    return joined(place, operator, parts)
  }
  const all = sql.join(` ${operator} `, false)(sets.map((set) => sql`SELECT id FROM (${set}) s`))
  return sql`${all} ${sql.literal(dialect.inOrderOfId)}`
}

/** The ids, each once. */
export const idsOf = (sql: Sql, { where, ids, isOnce }: Condition, collection: string): Statement.Fragment => {
  if (ids === undefined) return sql`SELECT d.id FROM documents d WHERE d.collection = ${collection} AND ${where}`
  return isOnce === true ? ids : sql`SELECT DISTINCT id FROM (${ids}) s`
}

/** All rows of the statements. */
export const unionAll = (sql: Sql, statements: ReadonlyArray<Statement.Fragment>): Statement.Fragment =>
  statements.length > maxSets
    ? unionAll(
        sql,
        Arr.chunksOf(statements, maxSets).map((some) => sql`SELECT * FROM (${unionAll(sql, some)}) u`),
      )
    : sql.join(" UNION ALL ", false)(statements)
