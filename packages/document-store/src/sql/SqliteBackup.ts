/**
 * `StoreBackup` on SQLite: its online backup, over the connection that holds the file.
 *
 * Source: https://www.sqlite.org/backup.html. A write of the same connection changes what is copied already, too, and a
 * step waits for the end of a transaction.
 */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { backup, DatabaseSync } from "node:sqlite"
import { Effect, Semaphore } from "effect"
import { StoreBackup } from "../StoreBackup.ts"
import { storageFailed } from "./SqlFailure.ts"
import { SqliteDatabase, sqlError } from "./SqliteClient.ts"

/** Pages of a step. The store waits for the step that is being made: about a millisecond. */
const stepPages = 256

/** A write at the moment of a step can end the backup, with the code of no error; then it begins again. */
const maxAttempts = 10

const complete = async (database: DatabaseSync, path: string, attempts: number): Promise<void> => {
  try {
    await backup(database, path, { rate: stepPages })
  } catch (cause) {
    if (attempts === 1 || Reflect.get(Object(cause), "errcode") !== 0) throw cause
    await rm(path, { force: true })
    await complete(database, path, attempts - 1)
  }
}

export const make = Effect.gen(function* () {
  const { database, filename } = yield* SqliteDatabase
  // Beside the database, where there is a disk for it; the folder for temporary files may be in memory.
  const isFile = filename !== ":memory:"
  const parent = isFile ? dirname(filename) : tmpdir()
  const prefix = `${isFile ? basename(filename) : "drawbar.db"}.copy-`
  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: (cause) => storageFailed("backup")(sqlError({ filename }, "backup", cause)) })
  // Those that a crash left: this process alone has the file.
  if (isFile)
    yield* attempt(async () => {
      for (const name of await readdir(parent))
        if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true })
    })
  const turn = yield* Semaphore.make(1)
  return StoreBackup.of({
    copy: Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        attempt(() => mkdtemp(join(parent, prefix))),
        (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
      )
      const path = join(folder, "drawbar.db")
      yield* turn.withPermits(1)(attempt(() => complete(database, path, maxAttempts)))
      // One file: without a log beside it.
      yield* attempt(async () => {
        const copied = new DatabaseSync(path)
        copied.exec("PRAGMA journal_mode = DELETE")
        copied.close()
      })
      return { path, bytes: (yield* attempt(() => stat(path))).size }
    }),
  })
})
