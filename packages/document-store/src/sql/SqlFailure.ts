/** Converts a database's failure to a `StoreError`. */
import { StoreError, StorageFailed } from "../StoreError.ts"

/** Names the operation; the driver's message says what to do. */
export const storageFailed =
  (operation: string) =>
  (error: Error): StoreError =>
    StoreError.from(
      new StorageFailed({
        operation,
        message: innermost(error).message,
        ...(isFull(innermost(error)) ? { isFull: true } : {}),
      }),
    )

/**
 * SQLite's SQLITE_FULL, or PostgreSQL's disk_full: https://www.sqlite.org/rescode.html#full and
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const isFull = (error: unknown, depth = 0): boolean => {
  if (typeof error !== "object" || error === null || depth > maxCauses) return false
  if (Number(Reflect.get(error, "errcode")) % 256 === 13 || Reflect.get(error, "code") === "53100") return true
  return isFull(Reflect.get(error, "cause"), depth + 1) || isFull(Reflect.get(error, "reason"), depth + 1)
}

/** How many nested causes are searched. */
const maxCauses = 8

/** A migration's error names the failed step; its cause has the reason. */
const innermost = (error: Error): Error =>
  error.name === "MigrationError" && error.cause instanceof Error ? error.cause : error
