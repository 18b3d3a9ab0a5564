/**
 * Differences between databases: all SQL of this package that is specific to one database.
 *
 * All other SQL is in the common subset of SQLite and PostgreSQL: `INSERT … ON CONFLICT`, `RETURNING`, `NULLS LAST`.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"

export interface SqlDialect {
  /** A text column that compares by code point, which index ranges and the order of ids require. */
  readonly text: string
  /** Around a JSON array of strings: returns its rows. */
  readonly listed: readonly [before: string, after: string]
  /** Around two statements that read ids: returns those of the first that are not of the second. */
  readonly excluded: readonly [before: string, between: string, after: string]
  /** What makes the database merge sets of ids that indices return in their order. */
  readonly inOrderOfId: string
  /** Returns the position of a text in another one, which follow in parentheses; 0 where it is not in it. */
  readonly position: string
  /** Returns the greater of two numbers, which follow in parentheses. */
  readonly greater: string
  /** A number for each row of `documents` that increases with each insertion and does not change on update. */
  readonly creation: string
  /** That number as a column of an index; nothing where every index has it as its last column. */
  readonly creationKey: ReadonlyArray<string>
  /** The definition of that column, where the database does not have it by itself. */
  readonly creationColumn?: string
  /** Whether processes of several versions may use one database at the same time. */
  readonly isShared: boolean
  /** The first statement of each transaction that writes, where it does not lock the database by itself. */
  readonly lockWrites?: string
  /** The last statement of each transaction that writes: wakes the processes that follow its changes. */
  readonly notifyChanges?: string
  /** The current time in ms since 1970, by the database's clock. */
  readonly now: string
}

export const sqlite: SqlDialect = {
  text: "TEXT",
  listed: ["SELECT value FROM json_each(", ")"],
  excluded: ["SELECT id FROM (", ") s WHERE id NOT IN (", ")"],
  inOrderOfId: "ORDER BY 1",
  position: "INSTR",
  greater: "MAX",
  creation: "rowid",
  creationKey: [],
  isShared: false,
  now: "CAST(UNIXEPOCH('subsec') * 1000 AS INTEGER)",
}

/** The channel of NOTIFY: a listener reads the changes from their table. */
export const changesChannel = "drawbar_changes"

/**
 * Writers of several processes take turns, so that sequence numbers become visible in their order and no two
 * transactions can wait for each other. The number is arbitrary, and the same in every version.
 * https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export const postgres: SqlDialect = {
  text: 'TEXT COLLATE "C"',
  listed: ["SELECT jsonb_array_elements_text(CAST(", " AS JSONB))"],
  excluded: ["SELECT id FROM (", ") s EXCEPT SELECT id FROM (", ") s"],
  inOrderOfId: "",
  position: "STRPOS",
  greater: "GREATEST",
  creation: "creation",
  creationKey: ["creation"],
  creationColumn: "creation BIGINT GENERATED ALWAYS AS IDENTITY",
  isShared: true,
  lockWrites: "SELECT pg_advisory_xact_lock(7161042001)",
  notifyChanges: `SELECT pg_notify('${changesChannel}', '')`,
  now: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
}

const run = (sql: SqlClient.SqlClient, statement: string | undefined) =>
  statement === undefined ? Effect.void : Effect.asVoid(sql.unsafe(statement))

/** Begins a transaction that writes. */
export const lock = (sql: SqlClient.SqlClient, { lockWrites }: SqlDialect) => run(sql, lockWrites)

/** Ends a transaction that writes. */
export const notify = (sql: SqlClient.SqlClient, { notifyChanges }: SqlDialect) => run(sql, notifyChanges)
