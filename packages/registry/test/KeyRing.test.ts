/** Key rings: that of a file, and one that is kept elsewhere and handed over as text. */
import { spawnSync } from "node:child_process"
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { KeyRing } from "../src/secrets/KeyRing.ts"

const key = Buffer.alloc(32, 7).toString("base64")
const ring = JSON.stringify({ active: "a", keys: { a: key } })

const opened = (text: string) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(KeyRing.layerText("variable RING", Redacted.make(text))), (services) =>
      Effect.provide(Effect.service(KeyRing), services),
    ),
  )

describe("a key ring from elsewhere", () => {
  it.effect("seals with its active key, and is not reported as new", () =>
    Effect.gen(function* () {
      const service = yield* opened(ring)
      assert.strictEqual(service.current().active.id, "a")
      assert.isFalse(service.isNew)
    }),
  )

  it.effect("is read again for keys that were added, at most every ten seconds", () =>
    Effect.gen(function* () {
      let [text, reads] = [ring, 0]
      const again = async () => {
        reads++
        return text
      }
      const built = Layer.build(KeyRing.layerText("command LINE", Redacted.make(ring), again))
      const service = yield* Effect.provide(Effect.service(KeyRing), yield* built)
      text = JSON.stringify({ active: "b", keys: { a: key, b: Buffer.alloc(32, 8).toString("base64") } })
      yield* service.reread
      yield* service.reread
      assert.strictEqual(service.current().active.id, "b")
      assert.strictEqual(reads, 1)
      yield* TestClock.adjust("10 seconds")
      yield* service.reread
      assert.strictEqual(reads, 2)
    }),
  )

  it.effect("is not changed from here, and says where it is", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Effect.flatMap(opened(ring), ({ rotate }) => rotate))
      assert.include(message, "variable RING")
      assert.include(message, "add a key where it is kept")
      assert.notInclude(message, key)
    }),
  )

  it.effect.each([
    ["hello", "is not of the form"],
    ["{}", "is not of the form"],
    [JSON.stringify({ active: "b", keys: { a: key } }), "calls the key [b] active"],
    [JSON.stringify({ active: "a", keys: { a: "c2hvcnQ=" } }), "that is not 32 bytes long"],
  ] as const)("that is %s is refused without repeating it", ([text, sentence]) =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(opened(text))
      assert.include(message, sentence)
      assert.notInclude(message, key)
    }),
  )
})

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-ring-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
)

const openFile = (path: string, sealedWith: ReadonlySet<string> = new Set()) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(KeyRing.layerFile(path, Effect.succeed(sealedWith))), (services) =>
      Effect.provide(Effect.service(KeyRing), services),
    ),
  )

describe("a key ring in a file", () => {
  it.effect("is made for its owner alone, and opens again with what a rotation added", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const made = yield* openFile(path)
      assert.isTrue(made.isNew)
      const first = made.current().active.id
      const second = yield* made.rotate
      assert.strictEqual((yield* Effect.promise(() => stat(path))).mode & 0o777, 0o600)
      const again = yield* openFile(path, new Set([first, second]))
      assert.isFalse(again.isNew)
      assert.strictEqual(again.current().active.id, second)
      assert.deepStrictEqual([...again.current().all.keys()].toSorted(), [first, second].toSorted())
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(path, ".."))), ["keyring.json"])
    }),
  )

  it.effect("that is missing is not replaced over data that it sealed, and the error names the way out", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const { message } = yield* Effect.flip(openFile(path, new Set(["lost"])))
      for (const said of [path, "keys [lost]", "from your backup", "drawbar keyring create --keyring"])
        assert.include(message, said)
    }),
  )

  it.effect("that lacks a key opens what it can", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      yield* openFile(path)
      assert.isFalse((yield* openFile(path, new Set(["lost"]))).isNew)
    }),
  )

  it.effect.each([0o640, 0o604, 0o660, 0o622] as const)("of the mode %o is refused with what to type", (mode) =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      yield* openFile(path)
      yield* Effect.promise(() => chmod(path, mode))
      const { message } = yield* Effect.flip(openFile(path))
      assert.include(message, `type chmod 600 ${path}`)
    }),
  )

  it.effect.each([
    ["half of it", (text: string) => text.slice(0, 40), "is not of the form"],
    ["nothing", () => "", "is not of the form"],
    ["zeros", (text: string) => "\0".repeat(text.length), "is not of the form"],
    [
      "a key that was cut",
      (text: string) => text.replace(/"[\w+/]{8}(?=[\w+/]{20,}={0,2}")/, '"'),
      "not 32 bytes long",
    ],
    ["an active key that is not there", (text: string) => text.replace(/"active":"\w+"/, '"active":"none"'), "active"],
  ] as const)("that holds %s is refused by what is wrong, and left as it is", ([, change, sentence]) =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      yield* openFile(path)
      const text = yield* Effect.promise(() => readFile(path, "utf8"))
      const changed = change(text)
      yield* Effect.promise(() => writeFile(path, changed))
      const { message } = yield* Effect.flip(openFile(path))
      assert.include(message, sentence)
      assert.include(message, path)
      for (const [key] of text.matchAll(/[\w+/]{30,}/g)) assert.notInclude(message, key.slice(0, 12))
      assert.strictEqual(yield* Effect.promise(() => readFile(path, "utf8")), changed)
    }),
  )

  it.effect("that cannot be made or read says why", () =>
    Effect.gen(function* () {
      const path = yield* folder
      assert.include(
        (yield* Effect.flip(openFile(join(path, "none", "keyring.json")))).message,
        "cannot be made: there is no such folder (ENOENT)",
      )
      yield* Effect.promise(() => mkdir(join(path, "a folder"), { mode: 0o700 }))
      assert.include((yield* Effect.flip(openFile(join(path, "a folder")))).message, "cannot be read: EISDIR")
    }),
  )
})

describe("a key ring file that several servers share", () => {
  it.effect("keeps every key of every server, however they rotate side by side", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const first = yield* openFile(path)
      const servers = [first, yield* openFile(path), yield* openFile(path)]
      const added = yield* Effect.forEach(
        Array.from({ length: 18 }, (_, n) => servers[n % servers.length]!),
        ({ rotate }) => rotate,
        { concurrency: "unbounded" },
      )
      const kept = yield* openFile(path)
      assert.includeMembers([...kept.current().all.keys()], added)
      assert.strictEqual(kept.current().all.size, added.length + 1)
      for (const { reread } of servers) yield* reread
      for (const { current } of servers) assert.includeMembers([...current().all.keys()], added)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(path, ".."))), ["keyring.json"])
    }),
  )

  it.effect("is made once by servers that start side by side", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const servers = yield* Effect.forEach([1, 2, 3, 4, 5], () => openFile(path), { concurrency: "unbounded" })
      assert.strictEqual(servers.filter(({ isNew }) => isNew).length, 1)
      assert.strictEqual(new Set(servers.map(({ current }) => current().active.id)).size, 1)
    }),
  )

  it.effect.each([
    ["another ring", JSON.stringify({ active: "a", keys: { a: key } }), "holds none of the keys"],
    ["another key of the same id", undefined, "holds another key under the id"],
    ["a field of a later version", undefined, "has the field [quorum], which this version does not know"],
    ["nothing", "", "is not of the form"],
  ] as const)("that holds %s by now is refused by a rotation, and left as it is", ([what, text, sentence]) =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const { rotate, current } = yield* openFile(path)
      const id = current().active.id
      const file = JSON.parse(yield* Effect.promise(() => readFile(path, "utf8")))
      const found =
        text ??
        JSON.stringify(what.includes("field") ? { ...file, quorum: 2 } : { ...file, keys: { ...file.keys, [id]: key } })
      yield* Effect.promise(() => writeFile(path, found))
      assert.include((yield* Effect.flip(rotate)).message, sentence)
      assert.strictEqual(yield* Effect.promise(() => readFile(path, "utf8")), found)
      assert.strictEqual(current().active.id, id)
    }),
  )

  it.effect("that a process locked which has ended is changed all the same", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "keyring.json")
      const { rotate } = yield* openFile(path)
      const ended = spawnSync(process.execPath, ["-e", "0"])
      yield* Effect.promise(() => writeFile(`${path}.lock`, `process ${ended.pid} on ${hostname()} (00)`))
      yield* rotate
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(path, ".."))), ["keyring.json"])
    }),
  )
})

describe("a key ring whose path is a link", () => {
  it.effect.each([true, false])("is written through it, where the file is there: %s", (isThere) =>
    Effect.gen(function* () {
      const path = yield* folder
      const [real, link] = [join(path, "real", "ring.json"), join(path, "keyring.json")]
      yield* Effect.promise(() => mkdir(join(path, "real")))
      if (isThere) yield* openFile(real)
      yield* Effect.promise(() => symlink(join("real", "ring.json"), link))
      const { rotate } = yield* openFile(link)
      const added = yield* rotate
      assert.isTrue((yield* Effect.promise(() => lstat(link))).isSymbolicLink())
      assert.isTrue((yield* openFile(real)).current().all.has(added))
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(path, "real"))), ["ring.json"])
    }),
  )
})
