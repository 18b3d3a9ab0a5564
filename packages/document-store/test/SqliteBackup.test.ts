/** A backup is of one moment, is made while the store is written, and is restored whole or not at all. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile, copyFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { DatabaseSync } from "node:sqlite"
import type { Write } from "../src/Document.ts"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"
import { restore, RestoreRefused } from "../src/SqliteRestore.ts"
import { StoreBackup } from "../src/StoreBackup.ts"

const inFolder = (sentence: string, test: (folder: string) => Effect.Effect<void, unknown>) =>
  it.live(sentence, () =>
    Effect.acquireUseRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-backup-"))),
      test,
      (folder) => Effect.promise(() => rm(folder, { recursive: true })),
    ),
  )

const create = (id: string, text = id): Write => ({ _tag: "Create", collection: "model", id, source: { name: text } })

const stored = (filename: string) => Effect.provide(SqliteDocumentStore.layer({ filename }))

/** A copy of a store with these ids, beside which nothing is open. */
const backupOf = (folder: string, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    yield* store.transact(ids.map((id) => create(id)))
    const { path } = yield* (yield* StoreBackup).copy
    yield* Effect.promise(() => copyFile(path, join(folder, "backup.db")))
    return join(folder, "backup.db")
  }).pipe(Effect.scoped, stored(join(folder, "source.db")))

const idsIn = (filename: string) =>
  Effect.gen(function* () {
    const documents = yield* Stream.runCollect((yield* DocumentStore).all("model"))
    return [...documents].map(({ id }) => id)
  }).pipe(stored(filename))

const refusal = (options: Parameters<typeof restore>[0]) =>
  Effect.promise(() =>
    restore(options).then(
      () => "it was restored",
      (cause: unknown) => {
        assert.instanceOf(cause, RestoreRefused)
        return cause.message
      },
    ),
  )

describe("a backup", () => {
  inFolder("holds every write that was acknowledged before it, and pairs that were written together", (folder) =>
    Effect.gen(function* () {
      const filename = join(folder, "drawbar.db")
      const restored = join(folder, "restored", "drawbar.db")
      const acknowledged: Array<string> = []
      const before = yield* Effect.gen(function* () {
        const store = yield* DocumentStore
        const text = "x".repeat(4_000)
        yield* store.transact(Array.from({ length: 500 }, (_, i) => create(`old-${i}`, text)))
        const write = (i: number) =>
          Effect.map(store.transact([create(`a-${i}`, text), create(`b-${i}`, text)]), () => {
            acknowledged.push(`a-${i}`, `b-${i}`)
          })
        const writer = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 100_000 }).keys(), (i) => Effect.andThen(Effect.yieldNow, write(i)), {
            discard: true,
          }),
        )
        yield* Effect.promise(async () => {
          while (acknowledged.length < 20) await new Promise((go) => setTimeout(go, 1))
        })
        const before = [...acknowledged]
        const { path, bytes } = yield* (yield* StoreBackup).copy
        assert.isAbove(acknowledged.length, before.length, "writes went on")
        assert.strictEqual(bytes, (yield* Effect.promise(() => stat(path))).size)
        yield* Fiber.interrupt(writer)
        yield* Effect.promise(() => restore({ file: path, database: restored, replaces: false }))
        return before
      }).pipe(Effect.scoped, stored(filename))
      const found = new Set(yield* idsIn(restored))
      for (const id of before) assert.isTrue(found.has(id), id)
      for (const id of found) {
        const [kind, number] = id.split("-")
        if (kind !== "old") assert.isTrue(found.has(`${kind === "a" ? "b" : "a"}-${number}`), `the pair of ${id}`)
      }
      assert.deepStrictEqual(
        yield* Effect.promise(() => readdir(folder)).pipe(Effect.map((names) => names.toSorted())),
        ["drawbar.db", "restored"],
        "no copy is left",
      )
    }),
  )

  inFolder("that a crash left is removed at the next start", (folder) =>
    Effect.gen(function* () {
      const filename = join(folder, "drawbar.db")
      yield* Effect.promise(() => mkdtemp(`${filename}.copy-`))
      yield* idsIn(filename)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), ["drawbar.db"])
    }),
  )
})

describe("a restore", () => {
  inFolder("is refused while a server has the database, with or without force", (folder) =>
    Effect.gen(function* () {
      const file = yield* backupOf(folder, ["one"])
      const database = join(folder, "drawbar.db")
      yield* Effect.gen(function* () {
        yield* (yield* DocumentStore).transact([create("two")])
        for (const replaces of [false, true])
          assert.include(yield* refusal({ file, database, replaces }), `A server uses ${database}. Stop it`)
      }).pipe(stored(database))
      assert.deepStrictEqual(yield* idsIn(database), ["two"])
    }),
  )

  inFolder("replaces records only by force, and keeps what it replaced", (folder) =>
    Effect.gen(function* () {
      const file = yield* backupOf(folder, ["one"])
      const database = join(folder, "drawbar.db")
      yield* Effect.flatMap(DocumentStore, (store) => store.transact([create("two")])).pipe(stored(database))
      assert.include(yield* refusal({ file, database, replaces: false }), "already has 1 records")
      assert.deepStrictEqual(yield* idsIn(database), ["two"])
      const { before, records } = yield* Effect.promise(() => restore({ file, database, replaces: true }))
      assert.strictEqual(records, 1)
      assert.deepStrictEqual(yield* idsIn(database), ["one"])
      assert.deepStrictEqual(yield* idsIn(before ?? ""), ["two"])
      if (process.platform !== "win32")
        assert.strictEqual((yield* Effect.promise(() => stat(database))).mode & 0o777, 0o600)
    }),
  )

  inFolder("goes into a folder whose database has no records yet", (folder) =>
    Effect.gen(function* () {
      const file = yield* backupOf(folder, ["one"])
      const database = join(folder, "drawbar.db")
      assert.deepStrictEqual(yield* idsIn(database), [])
      assert.deepStrictEqual(yield* Effect.promise(() => restore({ file, database, replaces: false })), { records: 1 })
      assert.deepStrictEqual(yield* idsIn(database), ["one"])
    }),
  )

  inFolder("replaces a damaged database by force", (folder) =>
    Effect.gen(function* () {
      const file = yield* backupOf(folder, ["one"])
      const database = join(folder, "drawbar.db")
      yield* Effect.promise(() => writeFile(database, "not a database, but longer than a header of SQLite".repeat(100)))
      assert.include(yield* refusal({ file, database, replaces: false }), "Replace it with --force")
      const { before = "" } = yield* Effect.promise(() => restore({ file, database, replaces: true }))
      assert.include(yield* Effect.promise(() => readFile(before, "utf8")), "not a database")
      assert.deepStrictEqual(yield* idsIn(database), ["one"])
    }),
  )

  inFolder("refuses a file of another kind, a damaged one and one of a newer version, and changes nothing", (folder) =>
    Effect.gen(function* () {
      const file = yield* backupOf(
        folder,
        Array.from({ length: 300 }, (_, i) => `id-${i}`),
      )
      const database = join(folder, "new", "drawbar.db")
      const changed = async (name: string, change: (bytes: Buffer) => Buffer) => {
        await writeFile(join(folder, name), change(await readFile(file)))
        return join(folder, name)
      }
      const text = yield* Effect.promise(() => changed("text", () => Buffer.from("hello")))
      const short = yield* Effect.promise(() => changed("short", (bytes) => bytes.subarray(0, bytes.length / 2)))
      const cut = yield* Effect.promise(async () => {
        const path = await changed("cut", (bytes) => bytes)
        const grown = new DatabaseSync(path)
        // Ends in zeros, which is what SQLite reads in place of what is missing.
        grown.exec("CREATE TABLE last (bytes BLOB); INSERT INTO last VALUES (zeroblob(9000))")
        grown.close()
        await truncate(path, (await stat(path)).size - 1)
        return path
      })
      const broken = yield* Effect.promise(() => changed("broken", (bytes) => bytes.fill(0xff, 4096 * 3, 4096 * 4)))
      const newer = yield* Effect.promise(() => changed("newer", (bytes) => bytes))
      const other = join(folder, "other")
      const opened = new DatabaseSync(newer)
      opened.exec("UPDATE drawbar_migrations SET migration_id = migration_id + 996")
      opened.close()
      new DatabaseSync(other).close()
      const cases = [
        [text, "is not a backup of Drawbar"],
        [short, short],
        [cut, "cut is damaged: it has"],
        [broken, broken],
        [newer, "was written by a newer Drawbar"],
        [other, "is not a backup of Drawbar"],
        [join(folder, "missing"), "cannot be used: ENOENT"],
      ] as const
      for (const [path, sentence] of cases)
        assert.include(yield* refusal({ file: path, database, replaces: true }), sentence)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(folder, "new"))), [])
    }),
  )

  it.live.runIf(process.platform === "linux")("is refused at once where no folder can be created", () =>
    Effect.gen(function* () {
      const sentence = yield* refusal({ file: "/missing", database: "/proc/drawbar/drawbar.db", replaces: false })
      assert.strictEqual(sentence, "/proc/drawbar cannot be used: no folder can be created there")
    }),
  )
})
