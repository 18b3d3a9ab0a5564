/**
 * A lock between processes: a file beside the one that is to be changed, which names the process that made it.
 *
 * A lock whose process has ended on this machine is taken over. That of another machine is not: whether its process lives is not known here.
 */
import { randomBytes } from "node:crypto"
import { link, open, readFile, rename, rm } from "node:fs/promises"
import { hostname } from "node:os"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

/** Another process holds the lock and does not let go; `holder` is what it wrote. */
export class LockHeld extends Error {
  readonly holder: string
  constructor(lock: string, holder: string) {
    super(`${lock} is held by ${holder}`)
    this.holder = holder
  }
}

/** In ms: how long a lock is waited for, and how often it is looked at. A holder writes one small file. */
const maxWaitMs = 10_000
const pollMs = 20

/** Runs `work` while no other process runs one with the lock of the same path. */
export const withLock = async <A>(path: string, work: () => Promise<A>): Promise<A> => {
  const lock = `${path}.lock`
  const own = `process ${process.pid} on ${hostname()} (${randomBytes(6).toString("hex")})`
  for (let waited = 0; !(await taken(lock, own)); waited += pollMs) {
    const holder = await textOf(lock)
    if (holder !== undefined && hasEnded(holder)) await takeAway(lock, holder)
    else if (waited >= maxWaitMs) throw new LockHeld(lock, holder || "a process that did not name itself")
    else await sleep(pollMs)
  }
  try {
    return await work()
  } finally {
    if ((await textOf(lock)) === own) await rm(lock, { force: true })
  }
}

/** The file appears with its content or not at all: a link to a file that is written. */
const taken = async (lock: string, own: string): Promise<boolean> => {
  const written = `${lock}.${randomBytes(6).toString("hex")}`
  const file = await open(written, "wx", 0o600)
  try {
    await file.writeFile(own)
    await link(written, lock)
    return true
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false
    throw cause
  } finally {
    await file.close()
    await rm(written, { force: true })
  }
}

const hasEnded = (holder: string): boolean => {
  const [, pid, host] = /^process (\d+) on (\S+) \(/.exec(holder) ?? []
  if (pid === undefined || host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (cause) {
    return codeOf(cause) === "ESRCH"
  }
}

/** Two may take the same dead lock away: what turns out to be the lock of a living one is put back. */
const takeAway = async (lock: string, dead: string): Promise<void> => {
  const aside = `${lock}.${randomBytes(6).toString("hex")}`
  try {
    await rename(lock, aside)
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return
    throw cause
  }
  if ((await textOf(aside)) !== dead) await link(aside, lock).catch(() => {})
  await rm(aside, { force: true })
}

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((cause: unknown) =>
    codeOf(cause) === "ENOENT" ? undefined : Promise.reject(cause instanceof Error ? cause : new Error(String(cause))),
  )

const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? cause.code : undefined)
