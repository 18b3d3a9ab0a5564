/** Runs a statement of a search. */
import { Effect } from "effect"
import type { Statement } from "effect/sql"
import { refuse } from "../search/SearchBody.ts"
import { storageFailed } from "./SqlFailure.ts"

/** Maximum parameters of a statement in SQLite; PostgreSQL allows more. https://www.sqlite.org/limits.html */
const maxParameters = 32_766

/** Runs a statement, unless it contains values that databases reject. */
export const run = <A>(statement: Statement.Statement<A>) => {
  const [, values] = statement.compile()
  const unfit =
    values.length > maxParameters
      ? `the query contains ${values.length} values: at most [${maxParameters}] are allowed`
      : values.some(hasNul)
        ? "the query contains the character U+0000, which databases do not support"
        : undefined
  return unfit === undefined
    ? Effect.mapError(statement, storageFailed("search"))
    : Effect.fromResult(refuse(unfit, "illegal_argument_exception"))
}

const hasNul = (value: unknown) => typeof value === "string" && value.includes("\0")

/** A field of text has no single value to order or count by. */
export const unsortable = (path: string) =>
  refuse(
    `Text fields are not optimised for operations that require per-document field data like aggregations and sorting: use [${path}.keyword] instead of [${path}].`,
    "illegal_argument_exception",
  )
