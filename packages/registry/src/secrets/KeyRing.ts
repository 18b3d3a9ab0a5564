/**
 * The keys that seal credentials; several may open, one seals.
 *
 * The ring is a file of its own, outside the data: whoever holds a copy of the data alone holds no secret.
 */
import { constants } from "node:fs"
import { open, readFile, rename, rm, stat } from "node:fs/promises"
import { platform } from "node:os"
import { dirname } from "node:path"
import { parse, stringify } from "@drawbar/json-text/Json"
import { Context, Effect, Layer, Redacted, Result, Schema, Semaphore } from "effect"
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
    /** Adds a key, which seals from now on; the others still open. Answers its id once the ring is safe on its disk. */
    readonly rotate: Effect.Effect<string, RegistryFailure>
    /** Whether this start made the ring: then is the time to say "back this file up". */
    readonly isNew: boolean
  }
>()("@drawbar/registry/KeyRing") {
  /**
   * The ring in a file, made with one key where there is none.
   *
   * `sealedWith` answers the ids of the keys that the data at hand is sealed with: where it names any and the file is
   * missing, the layer fails rather than begin a ring that opens nothing. What a ring that is there cannot open is not looked at.
   */
  static readonly layerFile = <R>(path: string, sealedWith: Effect.Effect<ReadonlySet<string>, RegistryFailure, R>) =>
    Layer.effect(
      KeyRing,
      Effect.gen(function* () {
        const found = yield* read(path)
        if (found !== undefined) return yield* service(found, (keys) => replace(path, keys), false)
        const needed = yield* sealedWith
        if (needed.size > 0) return yield* missing(path, needed)
        return yield* service(yield* create(path), (keys) => replace(path, keys), true)
      }),
    )

  /**
   * A ring that is kept elsewhere and was handed over as the text of such a file, by an environment variable or a command:
   * the seat of a key management service. `source` says in messages where it came from. It is not changed from here.
   */
  static readonly layerText = (source: string, text: Redacted.Redacted) =>
    Layer.effect(
      KeyRing,
      Effect.gen(function* () {
        const ring = yield* Effect.fromResult(keysOf(source, Redacted.value(text)))
        return yield* service(ring, () => Effect.fail(keptElsewhere(source)), false)
      }),
    )

  /** A ring that is gone with the process, for data that is too. */
  static readonly layerMemory = Layer.effect(
    KeyRing,
    Effect.flatMap(newKey, (key) => service({ active: key, all: new Map([[key.id, key]]) }, () => Effect.void, true)),
  )
}

/** A ring in memory, and how a changed one is kept. */
const service = Effect.fnUntraced(function* (
  first: Keys,
  keep: (keys: Keys) => Effect.Effect<void, RegistryFailure>,
  isNew: boolean,
) {
  const random = yield* SecureRandom
  const writer = yield* Semaphore.make(1)
  let keys = first
  const rotate = Effect.gen(function* () {
    const key = yield* Effect.provideService(newKey, SecureRandom, random)
    const next = { active: key, all: new Map(keys.all).set(key.id, key) }
    // Nothing is sealed with a key that a crash could lose.
    yield* keep(next)
    keys = next
    return key.id
  })
  return { current: () => keys, rotate: writer.withPermits(1)(Effect.uninterruptible(rotate)), isNew }
})

const File = Schema.Struct({
  active: Schema.String,
  keys: Schema.Record(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]+$/)), Schema.String),
})

const unusable = (path: string, what: string) =>
  RegistryError.from(new KeyRingUnusable({ path, message: `The key ring [${path}] ${what}` }))

const missing = (path: string, needed: ReadonlySet<string>) =>
  unusable(
    path,
    `is missing, but stored credentials are sealed with the keys [${[...needed].join(", ")}]. Put it back from your backup. ` +
      `Where it is lost for good, begin another with drawbar keys create --keyring ${path}, start the server, and send anew the credentials that it names`,
  )

const keptElsewhere = (source: string) =>
  unusable(source, "is not changed from here: add a key where it is kept, call it active, and start the server again")

const attempt = <A>(path: string, doing: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => unusable(path, `cannot be ${doing}: ${words[codeOf(cause)] ?? codeOf(cause)}`),
  })

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
      : { active, all }
  })

const decodeFile = Schema.decodeUnknownResult(File)

const textOf = (keys: Keys) =>
  `${stringify({
    active: keys.active.id,
    keys: Object.fromEntries(
      [...keys.all].map(([id, key]) => [id, Buffer.from(Redacted.value(key.bytes)).toString("base64")]),
    ),
  })}\n`

const create = Effect.fnUntraced(function* (path: string) {
  const key = yield* newKey
  const ring: Keys = { active: key, all: new Map([[key.id, key]]) }
  yield* attempt(path, "made", () => writeNew(path, textOf(ring)))
  return ring
})

// Written whole beside the ring and renamed over it: a crash leaves the old ring or the new one.
const replace = (path: string, keys: Keys) =>
  attempt(path, "replaced", async () => {
    const beside = `${path}.new`
    await rm(beside, { force: true })
    await writeNew(beside, textOf(keys))
    await rename(beside, path)
    await keepNames(dirname(path))
  })

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
