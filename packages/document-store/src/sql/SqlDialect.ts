/**
 * Differences between databases: all SQL of this package that is specific to one database.
 *
 * All other SQL is in the common subset of SQLite and PostgreSQL: `INSERT … ON CONFLICT`, `RETURNING`, `NULLS LAST`.
 */
export interface SqlDialect {
  /** A text column that compares by code point, which index ranges and the order of ids require. */
  readonly text: string
  /** Returns the rows of a JSON array of strings, which follows in parentheses. */
  readonly listed: string
  /** Returns the greater of two numbers, which follow in parentheses. */
  readonly greater: string
  /** A number for each row of `documents` that increases with each insertion and does not change on update. */
  readonly creation: string
}

export const sqlite: SqlDialect = {
  text: "TEXT",
  listed: "SELECT value FROM json_each",
  greater: "MAX",
  creation: "rowid",
}
