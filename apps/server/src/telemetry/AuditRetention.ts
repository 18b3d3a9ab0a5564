/**
 * Cuts the audit log into parts and deletes old ones, where the settings say so. A part is the log under another name:
 * no line is written again, and a process that appends meanwhile loses none.
 */
import { createReadStream } from "node:fs"
import { readdir, rename, stat, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import process from "node:process"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Effect } from "effect"

/** -1: any. */
export interface Kept {
  readonly lines: number
  readonly days: number
}

const interval = "10 minutes"
/** A log is kept in about so many parts, so that what is kept is exact to a tenth. */
const parts = 10
const dayMillis = 86_400_000

/** Returns the number of parts that it deleted. `now` is in ms since 1970. */
export const sweep = async (file: string, kept: Kept, now: number): Promise<number> => {
  if (kept.lines < 0 && kept.days < 0) return 0
  const found = await stat(file).catch(unlessAbsent)
  if (found?.isFile() === false) return 0
  let lines = found === undefined ? 0 : await linesIn(file)
  // The file's birth is not known on every file system; its first line has a time.
  const age = lines === 0 ? 0 : now - (await firstTime(file, now))
  const isFull = kept.lines >= 0 && lines >= Math.max(1, kept.lines / parts)
  const isOld = kept.days >= 0 && age >= (Math.max(1, kept.days) * dayMillis) / parts
  if (lines > 0 && (isFull || isOld)) {
    // Another process may cut the same file.
    await rename(file, `${file}.${new Date(now).toISOString().replaceAll(":", "-")}.${process.pid}`)
    lines = 0
  }
  let deleted = 0
  for (const part of (await partsOf(file)).toReversed()) {
    const { mtimeMs } = await stat(part)
    const isPast = kept.days >= 0 && now - mtimeMs > kept.days * dayMillis
    const isBeyond = kept.lines >= 0 && lines >= kept.lines
    if (isPast || isBeyond) {
      await unlink(part)
      deleted++
    } else if (kept.lines >= 0) lines += await linesIn(part)
  }
  return deleted
}

/** Between a cut and the next line there is no file. */
const unlessAbsent = (cause: unknown): undefined => {
  if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause
}

/** Oldest first. */
const partsOf = async (file: string): Promise<ReadonlyArray<string>> => {
  const prefix = `${basename(file)}.`
  const names = await readdir(dirname(file))
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{4}-\d\d-\d\dT[\d.-]+Z\.\d+$/.test(name.slice(prefix.length)))
    .toSorted()
    .map((name) => join(dirname(file), name))
}

const linesIn = async (file: string): Promise<number> => {
  let count = 0
  for await (const chunk of createReadStream(file))
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++
  return count
}

/** The time of the first line; `now` where there is none. */
const firstTime = async (file: string, now: number): Promise<number> => {
  let text = ""
  for await (const chunk of createReadStream(file, { encoding: "utf8", end: 100 })) text += chunk
  const time = Date.parse(/^\{"time":"([^"]+)"/.exec(text)?.[1] ?? "")
  return Number.isNaN(time) ? now : time
}

/** Sweeps from time to time, until the scope closes. Each process has its own file. */
export const inBackground = Effect.fnUntraced(function* (file: string) {
  const settings = yield* Settings
  const once = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.tryPromise(() =>
      sweep(
        file,
        {
          lines: settings.get("plugins.drawbar.retention.audit.max_count"),
          days: settings.get("plugins.drawbar.retention.audit.max_age_days"),
        },
        now,
      ),
    ),
  )
  const patient = Effect.catchCause(once, (cause) => Effect.logWarning("The audit log cannot be swept", cause))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), patient)))
})
