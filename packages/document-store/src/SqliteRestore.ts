/** Puts a backup in the place of a database file: checked first, and with what was there before kept beside it. */
import { copyFile, chmod, link, open, rename, rm, stat } from "node:fs/promises"
import { constants, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as DataFolder from "./DataFolder.ts"
import { sqlite } from "./sql/SqlDialect.ts"
import { newest, table } from "./sql/SqlMigrations.ts"

/** Why nothing was changed; the message names the file and says what to do. */
export class RestoreRefused extends Error {}

export interface Restore {
  /** The backup. */
  readonly file: string
  readonly database: string
  /** Whether a database that has records is replaced. */
  readonly replaces: boolean
}

export interface Restored {
  readonly records: number
  /** Where the database is that was replaced. */
  readonly before?: string
}

/** Rejects with `RestoreRefused`. The database is as before or as in the backup, whenever the process ends. */
export const restore = async ({ file, database, replaces }: Restore): Promise<Restored> => {
  await DataFolder.make(resolve(dirname(database))).catch(refusing(dirname(database)))
  const incoming = `${database}.restoring`
  try {
    await copyFile(file, incoming, constants.COPYFILE_FICLONE).catch(refusing(file))
    await chmod(incoming, 0o600)
    const records = check(incoming, file)
    await flushed(incoming)
    const isReplaced = await release(database, replaces)
    const before = `${database}.replaced-${new Date().toISOString().replaceAll(":", "-")}`
    if (isReplaced) await link(database, before)
    await rename(incoming, database)
    return isReplaced ? { records, before } : { records }
  } finally {
    await rm(incoming, { force: true })
  }
}

/** The number of records in a backup. Throws `RestoreRefused` where it is damaged, or not one of this or an earlier version. */
export const check = (path: string, name = path): number => {
  const database = new DatabaseSync(path)
  try {
    const [fault] = database.prepare("PRAGMA integrity_check(1)").all().map(only)
    if (fault !== "ok") throw new RestoreRefused(`${name} is damaged: ${fault}. Use another backup.`)
    // SQLite reads a last page that is cut off as if it ended in zeros.
    const bytes = pragma(database, "page_count") * pragma(database, "page_size")
    const { size } = statSync(path)
    if (size < bytes)
      throw new RestoreRefused(`${name} is damaged: it has ${size} bytes of ${bytes}. Use another backup.`)
    const version = Number(only(database.prepare(`SELECT MAX(migration_id) FROM ${table}`).get()))
    if (version > newest(sqlite))
      throw new RestoreRefused(`${name} was written by a newer Drawbar. Restore it with that version.`)
    return count(database)
  } catch (cause) {
    if (cause instanceof RestoreRefused) throw cause
    throw new RestoreRefused(
      `${name} is not a backup of Drawbar: ${messageOf(cause)}. Name a file that drawbar backup wrote.`,
    )
  } finally {
    database.close()
  }
}

/**
 * Makes sure that no server has the database and that it may be replaced, and closes it with its log written into it.
 * Returns whether there is one.
 */
const release = async (path: string, replaces: boolean): Promise<boolean> => {
  const size = await stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
  if (size === undefined) return false
  const database = new DatabaseSync(path)
  try {
    // As the server holds it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT")
    const records = hasRecords(database) ? count(database) : 0
    if (records > 0 && !replaces)
      throw new RestoreRefused(
        `${path} already has ${records} records. Restore into another folder, or replace them with --force.`,
      )
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)")
    return records > 0
  } catch (cause) {
    if (cause instanceof RestoreRefused) throw cause
    const code = Number(Reflect.get(Object(cause), "errcode")) & 0xff
    if (code === busy || code === locked)
      throw new RestoreRefused(`A server uses ${path}. Stop it, then restore; or restore into another folder.`)
    if (replaces) return true
    throw new RestoreRefused(`${path} cannot be read: ${messageOf(cause)}. Replace it with --force; it is kept beside.`)
  } finally {
    database.close()
  }
}

/** https://www.sqlite.org/rescode.html */
const busy = 5
const locked = 6

const hasRecords = (database: DatabaseSync) =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'documents'").get() !== undefined

const count = (database: DatabaseSync) => Number(only(database.prepare("SELECT COUNT(*) FROM documents").get()))

const pragma = (database: DatabaseSync, name: string) => Number(only(database.prepare(`PRAGMA ${name}`).get()))

const only = (row: object | undefined): unknown => Object.values(row ?? {})[0]

const flushed = async (path: string) => {
  const file = await open(path, "r+")
  await file.sync()
  await file.close()
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

const refusing = (path: string) => (cause: unknown) => {
  throw new RestoreRefused(`${path} cannot be used: ${messageOf(cause)}`)
}
