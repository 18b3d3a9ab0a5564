/** Converts a database's failure to a `StoreError`. */
import { SqlError } from "effect/sql"
import * as PostgresFailure from "./PostgresFailure.ts"
import { StoreError, StorageFailed } from "../StoreError.ts"

/** Names the operation; the driver's message says what to do. */
export const storageFailed =
  (operation: string) =>
  (outer: Error): StoreError => {
    const error = innermost(outer)
    const postgres = PostgresFailure.of(error)
    return StoreError.from(
      new StorageFailed({
        operation,
        message: postgres?.message ?? error.message,
        ...(isFull(error) ? { isFull: true } : {}),
        ...(postgres?.isUnavailable === true || isLocked(error, operation) ? { retryAfterMillis } : {}),
      }),
    )
  }

/**
 * SQLite's SQLITE_FULL, or PostgreSQL's disk_full: https://www.sqlite.org/rescode.html#full and
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const isFull = (error: unknown, depth = 0): boolean => {
  if (typeof error !== "object" || error === null || depth > maxCauses) return false
  if (Number(Reflect.get(error, "errcode")) % 256 === 13 || Reflect.get(error, "code") === "53100") return true
  return isFull(Reflect.get(error, "cause"), depth + 1) || isFull(Reflect.get(error, "reason"), depth + 1)
}

/** Another process holds the lock; at a start, it may hold it for as long as it runs. */
const isLocked = (error: Error, operation: string) =>
  operation !== "open" && SqlError.isSqlError(error) && error.reason._tag === "LockTimeoutError"

/** A database that restarts is back within seconds. */
const retryAfterMillis = 2_000

/** How many nested causes are searched. */
const maxCauses = 8

/** A migration's error names the failed step; its cause has the reason. */
const innermost = (error: Error): Error =>
  error.name === "MigrationError" && error.cause instanceof Error ? error.cause : error
