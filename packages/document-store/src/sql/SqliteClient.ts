/**
 * Node's built-in SQLite as an `effect/sql` client with one connection and prepared statements.
 *
 * Sources: https://nodejs.org/api/sqlite.html, https://www.sqlite.org/pragma.html, https://www.sqlite.org/rescode.html
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { Context, Effect, Layer, Schedule, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

export interface SqliteOptions {
  /** `:memory:` for a database in memory. */
  readonly filename: string
  /** Whether other processes of this machine open the file as well; otherwise none can. */
  readonly isShared?: boolean
}

/** The connection itself, for what SQL cannot say. */
export class SqliteDatabase extends Context.Service<
  SqliteDatabase,
  { readonly database: DatabaseSync; readonly filename: string }
>()("@drawbar/document-store/SqliteDatabase") {}

/**
 * Unless the file is shared, the process holds it exclusively while the layer is open. It is SQLite's own lock, which the
 * operating system releases however the process ends. FULL: a commit returns after the data is on disk. MEMORY: a search keeps the ids that it
 * sorts, of 500,000 index entries at most, and would write them to a file otherwise.
 */
const settings = (isShared: boolean) => `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = ${isShared ? "NORMAL" : "EXCLUSIVE"};
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  BEGIN IMMEDIATE;
  COMMIT;
`

/** Takes the lock for writes at once, so that no statement of the transaction has to wait. */
const begin = "BEGIN IMMEDIATE"

/** How long a transaction of a shared file waits for those of other processes: about 2 s. */
const untilUnlocked = {
  while: ({ reason }: SqlError.SqlError) => reason._tag === "LockTimeoutError",
  schedule: Schedule.spaced("4 millis"),
  times: 400,
}

/** The text of a search grows with what is searched for: a long one is prepared for its one run. In bytes, at two a character. */
const kept = { entries: 200, bytes: 1_000_000 }
const longestKept = 16_000

const make = Effect.fnUntraced(function* (options: SqliteOptions) {
  const failed = (operation: string) => (cause: unknown) => sqlError(options, operation, cause)
  const database = yield* Effect.acquireRelease(
    Effect.try({ try: () => new DatabaseSync(options.filename), catch: failed("open") }),
    (database) => Effect.sync(() => database.close()),
  )
  yield* Effect.try({ try: () => database.exec(settings(options.isShared ?? false)), catch: failed("open") })
  if (options.isShared === true) database.exec("PRAGMA busy_timeout = 1")

  const prepared = new BoundedMap<StatementSync>(kept)
  const prepare = (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? database.prepare(sql)
    if (sql.length <= longestKept) prepared.touch(sql, statement)
    return statement
  }
  const once = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.try({ try: () => prepare(sql).all(...parameters.map(inputValue)), catch: failed("execute") })
  // SQLite's own wait for the lock would block this process, with all that it serves.
  const all: typeof once =
    options.isShared === true
      ? (sql, parameters) =>
          sql === begin ? Effect.retry(once(sql, parameters), untilUnlocked) : once(sql, parameters)
      : once
  const values = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(all(sql, parameters), (rows) => rows.map((row) => Object.values(row)))
  const execute: SqlConnection.Connection["execute"] = (sql, parameters, transform) =>
    transform === undefined ? all(sql, parameters) : Effect.map(all(sql, parameters), transform)

  const connection: SqlConnection.Connection = {
    execute,
    executeUnprepared: execute,
    executeRaw: all,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, parameters, transform) =>
      Stream.unwrap(Effect.map(execute(sql, parameters, transform), Stream.fromIterable)),
  }

  const client = yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore: yield* Semaphore.make(1),
      isTransaction: () => database.isTransaction,
    }),
    driver: "node:sqlite",
    compiler: Statement.makeCompilerSqlite(),
    beginTransaction: begin,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
    spanAttributes: [["db.system.name", "sqlite"]],
  })
  return Context.make(SqlClient.SqlClient, client).pipe(
    Context.add(SqliteDatabase, { database, filename: options.filename }),
  )
})

export const layer = (options: SqliteOptions): Layer.Layer<SqlClient.SqlClient | SqliteDatabase, SqlError.SqlError> =>
  Layer.effectContext(make(options)).pipe(Layer.provide(Reactivity.layer))

const inputValue = (value: unknown): SQLInputValue => {
  if (value === null || value === undefined) return null
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value
  return typeof value === "boolean" ? Number(value) : String(value)
}

export const sqlError = (
  { filename, isShared = false }: Pick<SqliteOptions, "filename" | "isShared">,
  operation: string,
  cause: unknown,
) => {
  const code = cause instanceof Error ? Number(Reflect.get(cause, "errcode")) : Number.NaN
  const advice =
    (isShared ? sharedAdvices : advices).get(code & 0xff) ??
    (cause instanceof Error ? `SQLite failed: ${cause.message}.` : "SQLite failed.")
  const where = filename === ":memory:" ? "in memory" : filename
  return new SqlError.SqlError({
    reason: SqlError.classifySqliteError(
      { errno: code, cause },
      { operation, message: `Database ${where}: ${advice}` },
    ),
  })
}

/** By primary result code. */
const advices: ReadonlyMap<number, string> = new Map([
  [3, "permission denied. Give this user read and write access to the file and its folder."],
  [5, "another process has it open. Stop that process, or use another file for this one."],
  [6, "another process has it open. Stop that process, or use another file for this one."],
  [8, "it is read-only. Give this user write access to the file and its folder, and mount the disk writable."],
  [10, "a disk read or write failed. This write was not stored; check the system log."],
  [11, "the file is damaged. Keep a copy of it, then restore a backup."],
  [13, "the disk is full. This write was not stored; free some space and try again."],
  [14, "it cannot be opened. Check that the folder exists and that this user can write to it."],
  [26, "the file is not an SQLite database. Use another file, or restore a backup."],
])

/** Of a file that several processes may open: they wait for each other, up to the busy timeout. */
const busy = "another process has been writing to it for 2 s. This write was not stored; try again."
const sharedAdvices: typeof advices = new Map([...advices, [5, busy], [6, busy]])
