/**
 * Where databases differ: all SQL of this package that one of them alone understands.
 *
 * Everything else is written in what SQLite and PostgreSQL share: `INSERT … ON CONFLICT`, `RETURNING`, `NULLS LAST`.
 */
export interface SqlDialect {
  /** A text column that compares by code point: index ranges and the order of ids rest on it. */
  readonly text: string
  /** The rows of a JSON list of texts that stands in brackets behind it. */
  readonly listed: string
  /** The greater of two numbers that stand in brackets behind it. */
  readonly greater: string
  /** A number of each row of `documents` that grows with each one made, and stays when it is changed. */
  readonly creation: string
}

export const sqlite: SqlDialect = {
  text: "TEXT",
  listed: "SELECT value FROM json_each",
  greater: "MAX",
  creation: "rowid",
}
