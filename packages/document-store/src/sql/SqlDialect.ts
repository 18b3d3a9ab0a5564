/**
 * Where databases differ: all SQL of this package that one of them alone understands.
 *
 * Everything else is written in what SQLite and PostgreSQL share: `INSERT … ON CONFLICT`, `RETURNING`, `NULLS LAST`.
 */
import type { SearchPattern } from "../search/SearchPattern.ts"

export interface SqlDialect {
  /** A text column that compares by code point: index ranges and the order of ids rest on it. */
  readonly text: string
  /** What stands between a column and a pattern, so that it compares case by case. */
  readonly like: string
  /** What follows the pattern. */
  readonly escape: string
  readonly pattern: (pattern: SearchPattern) => string
}

export const sqlite: SqlDialect = {
  text: "TEXT",
  // SQLite's LIKE takes `A` for `a`.
  like: "GLOB",
  escape: "",
  pattern: written({ any: "*", one: "?", literal: (text) => text.replace(/[*?[]/g, "[$&]") }),
}

function written(form: { readonly any: string; readonly one: string; readonly literal: (text: string) => string }) {
  return (pattern: SearchPattern) =>
    pattern.map((part) => (typeof part === "object" ? form.literal(part.literal) : form[part])).join("")
}
