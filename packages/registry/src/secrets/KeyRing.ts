/**
 * The keys that seal credentials; several may open, one seals.
 *
 * The ring is a file of its own, outside the data: a copy of the data alone reveals no secret.
 */
import { constants } from "node:fs"
import { open, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises"
import { platform } from "node:os"
import { dirname, resolve } from "node:path"
import { objectIn, parse, stringify } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Redacted, Result, Schema, Semaphore } from "effect"
import * as FileLock from "../internal/FileLock.ts"
import { KeyRingUnusable, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { SecureRandom } from "./SecureRandom.ts"

/** A key of AES-256 and what ciphertexts call it. */
export interface Key {
  readonly id: string
  readonly bytes: Redacted.Redacted<Uint8Array>
}

/** The keys by id, and the one that seals. */
export interface Keys {
  readonly active: Key
  readonly all: ReadonlyMap<string, Key>
  /** Whether envelopes that are bound to nothing, as earlier versions made them, open no more. */
  readonly onlyBound: boolean
}

const bytesOfKey = 32

const newKey = Effect.gen(function* () {
  const random = yield* SecureRandom
  const id = Buffer.from(random(6)).toString("hex")
  return { id, bytes: Redacted.make(random(bytesOfKey), { label: `key ${id}` }) } satisfies Key
})

export class KeyRing extends Context.Service<
  KeyRing,
  {
    /** The keys as they are now: a rotation changes them. */
    readonly current: () => Keys
    /**
     * Adds a key, which seals from now on; the others still open, those that another server has added meanwhile among them. Returns its
     * id once the ring is safe on its disk.
     */
    readonly rotate: Effect.Effect<string, RegistryFailure>
    /** Takes up the keys that another server has added to the file. */
    readonly reread: Effect.Effect<void, RegistryFailure>
    /** Remembers that no envelope is left that is bound to nothing: from now on none opens. */
    readonly admitBoundOnly: Effect.Effect<void, RegistryFailure>
    /** Whether this start made the ring: then is the time to say "back this file up". */
    readonly isNew: boolean
  }
>()("@drawbar/registry/KeyRing") {
  /**
   * The ring in a file, made with one key where there is none. A path that is a link stands for what it leads to.
   *
   * `sealedWith` returns the ids of the keys that the data at hand is sealed with: where it names any and the file is
   * missing, the layer fails rather than begin a ring that opens nothing. What a ring that is there cannot open is not looked at.
   */
  static readonly layerFile = <R>(path: string, sealedWith: Effect.Effect<ReadonlySet<string>, RegistryFailure, R>) =>
    Layer.effect(
      KeyRing,
      Effect.gen(function* () {
        const found = yield* read(path)
        if (found !== undefined) return yield* service(found, inFile(path), false)
        const needed = yield* sealedWith
        if (needed.size > 0) return yield* missing(path, needed)
        const { ring, isNew } = yield* create(path)
        return yield* service(ring, inFile(path), isNew)
      }),
    )

  /**
   * A ring that is kept elsewhere and was handed over as the text of such a file, by an environment variable or a command:
   * the seat of a key management service. `source` says in messages where it came from. It is not changed from here, but read
   * `again`, where that is possible, for a key that is not in it.
   */
  static readonly layerText = (source: string, text: Redacted.Redacted, again?: () => Promise<string>) =>
    Layer.effect(
      KeyRing,
      Effect.gen(function* () {
        const ring = yield* Effect.fromResult(keysOf(source, Redacted.value(text)))
        const reread = again === undefined ? inMemory.reread : readingAgain(source, again)
        return yield* service(ring, { ...inMemory, reread, add: () => Effect.fail(keptElsewhere(source)) }, false)
      }),
    )

  /** A ring that is gone with the process, for data that is too. */
  static readonly layerMemory = Layer.effect(
    KeyRing,
    Effect.flatMap(newKey, (key) => service(ringOf(key), inMemory, true)),
  )
}

const ringOf = (key: Key): Keys => ({ active: key, all: new Map([[key.id, key]]), onlyBound: true })

/** Where a ring is kept. Each effect takes the ring as this process has it, and returns it as it is kept then. */
interface Place {
  /** Keeps one more key, which is active from then on. */
  readonly add: (held: Keys, key: Key) => Effect.Effect<Keys, RegistryFailure>
  readonly reread: (held: Keys) => Effect.Effect<Keys, RegistryFailure>
  readonly admitBoundOnly: (held: Keys) => Effect.Effect<Keys, RegistryFailure>
}

const inMemory: Place = {
  add: ({ all, onlyBound }, key) => Effect.succeed({ active: key, all: new Map(all).set(key.id, key), onlyBound }),
  reread: Effect.succeed,
  admitBoundOnly: (held) => Effect.succeed({ ...held, onlyBound: true }),
}

/** A ring in memory, and how a changed one is kept. */
const service = Effect.fnUntraced(function* (first: Keys, place: Place, isNew: boolean) {
  const random = yield* SecureRandom
  const writer = yield* Semaphore.make(1)
  let keys = first
  // Nothing is sealed with a key that a crash could lose: what is kept comes first.
  const becoming = (next: Effect.Effect<Keys, RegistryFailure>) =>
    Effect.map(next, (kept) => {
      keys = kept
    })
  const one = <A>(change: Effect.Effect<A, RegistryFailure>) => writer.withPermits(1)(Effect.uninterruptible(change))
  return {
    current: () => keys,
    rotate: one(
      Effect.gen(function* () {
        const key = yield* Effect.provideService(newKey, SecureRandom, random)
        yield* becoming(Effect.suspend(() => place.add(keys, key)))
        return key.id
      }),
    ),
    reread: one(becoming(Effect.suspend(() => place.reread(keys)))),
    admitBoundOnly: one(Effect.suspend(() => (keys.onlyBound ? Effect.void : becoming(place.admitBoundOnly(keys))))),
    isNew,
  }
})

/**
 * The ring of a file that several servers may share. Who changes it holds its lock, and reads it again first: another server's key
 * that was written over would be lost for good, with all that it has sealed.
 */
const inFile = (path: string): Place => {
  let seen = ""
  const changed = (held: Keys, change: (kept: Keys) => Keys) =>
    locked(path, "replaced", (target) =>
      Effect.gen(function* () {
        const text = yield* attempt(path, "read", () => readFile(target, "utf8"))
        const next = change(yield* Effect.fromResult(merged(path, held, text)))
        yield* attempt(path, "replaced", () => replace(target, textOf(next)))
        return next
      }),
    )
  return {
    add: (held, key) =>
      changed(held, ({ all, onlyBound }) => ({ active: key, all: new Map(all).set(key.id, key), onlyBound })),
    admitBoundOnly: (held) => changed(held, (kept) => ({ ...kept, onlyBound: true })),
    reread: Effect.fnUntraced(function* (held) {
      const { mtimeMs, ino, size } = yield* attempt(path, "looked at", () => stat(path))
      const print = [mtimeMs, ino, size].join()
      if (print === seen) return held
      const text = yield* attempt(path, "read", () => readFile(path, "utf8"))
      const next = yield* Effect.fromResult(merged(path, held, text))
      seen = print
      return next
    }),
  }
}

/** In ms: a damaged record must not run the operator's command for each call. */
const readAgainAfterMillis = 10_000

const readingAgain = (source: string, again: () => Promise<string>): Place["reread"] => {
  let last = Number.NEGATIVE_INFINITY
  return Effect.fnUntraced(function* (held) {
    const now = yield* Clock.currentTimeMillis
    if (now - last < readAgainAfterMillis) return held
    last = now
    const text = yield* attempt(source, "read again", again)
    return yield* Effect.fromResult(merged(source, held, text))
  })
}

/** The keys of a server and those of the file; the file says which is active. Fails where the two are not the same ring. */
const merged = (path: string, held: Keys, text: string): Result.Result<Keys, RegistryFailure> =>
  Result.gen(function* () {
    const unknown = Object.keys(objectIn(text) ?? {}).find((name) => !Object.hasOwn(File.fields, name))
    if (unknown !== undefined)
      return yield* Result.fail(
        unusable(
          path,
          `has the field [${unknown}], which this version does not know: change it with the version that wrote it`,
        ),
      )
    const kept = yield* keysOf(path, text)
    const shared = [...held.all.values()].filter(({ id }) => kept.all.has(id))
    if (shared.length === 0)
      return yield* Result.fail(
        unusable(
          path,
          "holds none of the keys that this server started with: put back the ring that it had, or start it again",
        ),
      )
    const other = shared.find(({ id, bytes }) => !isSame(bytes, kept.all.get(id)?.bytes))
    if (other !== undefined)
      return yield* Result.fail(unusable(path, `holds another key under the id [${other.id}] than this server has`))
    return {
      active: kept.active,
      all: new Map([...held.all, ...kept.all]),
      onlyBound: held.onlyBound || kept.onlyBound,
    }
  })

const isSame = (one: Key["bytes"], two: Key["bytes"] | undefined): boolean =>
  two !== undefined && Buffer.from(Redacted.value(one)).equals(Redacted.value(two))

const File = Schema.Struct({
  active: Schema.String,
  keys: Schema.Record(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]+$/)), Schema.String),
  /** `bound`: envelopes that are bound to nothing open no more. To open those of an old backup once, take the field away. */
  envelopes: Schema.optionalKey(Schema.Literal("bound")),
})

const unusable = (path: string, what: string) =>
  RegistryError.from(new KeyRingUnusable({ path, message: `The key ring [${path}] ${what}` }))

const missing = (path: string, needed: ReadonlySet<string>) =>
  unusable(
    path,
    `is missing, but stored credentials are sealed with the keys [${[...needed].join(", ")}]. Put it back from your backup. ` +
      `Where it is lost for good, begin another with drawbar keyring create --keyring ${path}, start the server, and send the credentials that it names again`,
  )

const keptElsewhere = (source: string) =>
  unusable(source, "is not changed from here: add a key where it is kept, call it active, and start the server again")

const attempt = <A>(path: string, doing: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => unusable(path, `cannot be ${doing}: ${reasonOf(cause)}`) })

const reasonOf = (cause: unknown): string =>
  cause instanceof FileLock.LockHeld
    ? `${cause.message}. Try again, or delete that file if the process has ended`
    : (words[codeOf(cause)] ?? codeOf(cause))

// An error of the file system names the path, which the message has already; its code is what it adds.
const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? String(cause.code) : "unknown failure")

const words: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full (ENOSPC)",
  EROFS: "its disk is read-only (EROFS)",
  EACCES: "this user may not (EACCES)",
  ENOENT: "there is no such folder (ENOENT)",
}

const read = Effect.fnUntraced(function* (path: string) {
  const found = yield* attempt(path, "looked at", () =>
    stat(path).catch((cause: unknown) => (codeOf(cause) === "ENOENT" ? undefined : Promise.reject(cause))),
  )
  if (found === undefined) return undefined
  // Windows keeps access in lists, not in a mode.
  if (platform() !== "win32" && (found.mode & 0o077) !== 0)
    return yield* unusable(path, `can be read by others than its owner: type chmod 600 ${path}`)
  const text = yield* attempt(path, "read", () => readFile(path, "utf8"))
  return yield* Effect.fromResult(keysOf(path, text))
})

const keysOf = (path: string, text: string): Result.Result<Keys, RegistryFailure> =>
  Result.gen(function* () {
    const file = yield* Result.mapError(Result.flatMap(parse(text), decodeFile), () =>
      unusable(path, `is not of the form {"active":"<id>","keys":{"<id>":"<base64 of ${bytesOfKey} bytes>"}}`),
    )
    const all = new Map<string, Key>()
    for (const [id, encoded] of Object.entries(file.keys)) {
      const bytes = Buffer.from(encoded, "base64")
      if (bytes.length !== bytesOfKey)
        return yield* Result.fail(unusable(path, `has a key [${id}] that is not ${bytesOfKey} bytes long`))
      all.set(id, { id, bytes: Redacted.make(bytes, { label: `key ${id}` }) })
    }
    const active = all.get(file.active)
    return active === undefined
      ? yield* Result.fail(unusable(path, `calls the key [${file.active}] active but does not hold it`))
      : { active, all, onlyBound: file.envelopes === "bound" }
  })

const decodeFile = Schema.decodeUnknownResult(File)

const textOf = (keys: Keys) =>
  `${stringify({
    active: keys.active.id,
    keys: Object.fromEntries(
      [...keys.all].map(([id, key]) => [id, Buffer.from(Redacted.value(key.bytes)).toString("base64")]),
    ),
    ...(keys.onlyBound ? { envelopes: "bound" } : {}),
  })}\n`

/** A ring of one key; the one of another server that was faster, where there is one by now. */
const create = Effect.fnUntraced(function* (path: string) {
  const ring = ringOf(yield* newKey)
  return yield* locked(path, "made", (target) =>
    Effect.gen(function* () {
      const found = yield* read(path)
      if (found !== undefined) return { ring: found, isNew: false }
      yield* attempt(path, "made", () => replace(target, textOf(ring)))
      return { ring, isNew: true }
    }),
  )
})

/** Runs `work` on the file that a path leads to, while no other process changes it. */
const locked = Effect.fnUntraced(function* <A>(
  path: string,
  doing: string,
  work: (target: string) => Effect.Effect<A, RegistryFailure>,
) {
  const services = yield* Effect.context()
  const target = yield* attempt(path, doing, () => targetOf(path))
  const run = Effect.runPromiseWith(services)
  return yield* Effect.flatMap(
    attempt(path, doing, () => FileLock.withLock(target, () => run(Effect.result(work(target))))),
    Effect.fromResult,
  )
})

/** So many links one after another are followed, as most systems do. */
const maxLinks = 32

/** What is written: a link stays one, also where nothing is behind it yet. */
const targetOf = async (path: string, links = 0): Promise<string> => {
  try {
    return await realpath(path)
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT" || links > maxLinks) throw cause
    const behind = await readlink(path).catch(() => undefined)
    return behind === undefined ? resolve(path) : targetOf(resolve(dirname(path), behind), links + 1)
  }
}

// Written whole beside the ring and renamed over it: a crash leaves the old ring or the new one.
const replace = async (target: string, text: string) => {
  const beside = `${target}.new`
  await rm(beside, { force: true })
  await writeNew(beside, text)
  await rename(beside, target)
  await keepNames(dirname(target))
}

const writeNew = async (path: string, text: string) => {
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } catch (cause) {
    // Half a ring would be in the way of the next start.
    await rm(path, { force: true })
    throw cause
  } finally {
    await file.close()
  }
  await keepNames(dirname(path))
}

/** What a folder's files are called is safe on its disk, too; Windows keeps it so by itself. */
const keepNames = async (folder: string) => {
  if (platform() === "win32") return
  const opened = await open(folder, constants.O_RDONLY)
  await opened.sync().finally(() => opened.close())
}
