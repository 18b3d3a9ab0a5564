/**
 * Properties of a database file beyond the contract: it persists, belongs to one process, and fails with instructions.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Write } from "../src/Document.ts"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"
import type { StoreError } from "../src/StoreError.ts"
import { matchAll } from "../src/search/Search.ts"
import * as SqlDialect from "../src/sql/SqlDialect.ts"
import * as SqlDocumentStore from "../src/sql/SqlDocumentStore.ts"
import * as SqliteClient from "../src/sql/SqliteClient.ts"

const inFolder = (sentence: string, test: (filename: string) => Effect.Effect<void, unknown, never>) =>
  it.effect(sentence, () =>
    Effect.acquireUseRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-file-"))),
      (folder) => test(join(folder, "drawbar.db")),
      (folder) => Effect.promise(() => rm(folder, { recursive: true })),
    ),
  )

const create = (id: string, text = id): Write => ({ _tag: "Create", collection: "model", id, source: { name: text } })

const open = <A>(filename: string, use: (store: DocumentStore["Service"]) => Effect.Effect<A, StoreError>) =>
  Effect.flatMap(DocumentStore, use).pipe(Effect.provide(SqliteDocumentStore.layer({ filename })))

/** The store together with its client, so that a test can set a limit. */
const openWithClient = <A, E>(
  filename: string,
  use: (store: DocumentStore["Service"], sql: SqlClient.SqlClient) => Effect.Effect<A, E>,
) =>
  Effect.all([DocumentStore, SqlClient.SqlClient]).pipe(
    Effect.flatMap(([store, sql]) => use(store, sql)),
    Effect.provide(
      Layer.effect(DocumentStore, SqlDocumentStore.make(SqlDialect.sqlite)).pipe(
        Layer.provideMerge(SqliteClient.layer({ filename })),
      ),
    ),
  )

const sentence = <A>(effect: Effect.Effect<A, StoreError>) =>
  Effect.match(effect, {
    onSuccess: () => "it did not fail",
    onFailure: ({ reason }) => `${reason._tag}: ${reason.message}`,
  })

/** Frames of a write-ahead log that end a commit; see https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
const commitsIn = (log: Buffer): number => {
  const page = log.readUInt32BE(8)
  let commits = 0
  for (let frame = 32; frame < log.length; frame += 24 + page) if (log.readUInt32BE(frame + 4) !== 0) commits++
  return commits
}

describe("a database file", () => {
  inFolder("keeps records and their index across restarts", (filename) =>
    Effect.gen(function* () {
      yield* open(filename, (store) => store.transact([create("a", "Kept here")]))
      yield* open(filename, (store) =>
        Effect.gen(function* () {
          assert.isTrue(Option.isSome(yield* store.get("model", "a")))
          assert.strictEqual((yield* store.search("model", matchAll)).total, 1)
          const [written] = yield* store.transact([create("b")])
          assert.strictEqual(written?.seqNo, 1)
        }),
      )
    }),
  )

  inFolder("commits durably, in a write-ahead log, with foreign keys enforced", (filename) =>
    openWithClient(filename, (_, sql) =>
      Effect.gen(function* () {
        const [settings] =
          yield* sql`SELECT * FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_locking_mode`
        assert.deepStrictEqual(
          { ...settings },
          { journal_mode: "wal", synchronous: 2, foreign_keys: 1, locking_mode: "exclusive" },
        )
      }),
    ),
  )

  inFolder("reports not ready after a failed write, until a write succeeds", (filename) =>
    openWithClient(filename, (store, sql) =>
      Effect.gen(function* () {
        yield* store.writable
        yield* sql`PRAGMA query_only = ON`
        yield* store.writable
        assert.strictEqual((yield* Effect.flip(store.transact([create("a")]))).reason._tag, "StorageFailed")
        assert.strictEqual((yield* Effect.flip(store.writable)).reason._tag, "StorageFailed")
        yield* sql`PRAGMA query_only = OFF`
        yield* store.writable
        yield* store.transact([create("a")])
      }),
    ),
  )

  inFolder("groups concurrent transactions into few commits", (filename) =>
    open(filename, (store) =>
      Effect.gen(function* () {
        const commits = Effect.map(
          Effect.promise(() => readFile(`${filename}-wal`)),
          commitsIn,
        )
        const before = yield* commits
        const write = (i: number) => store.transact([create(`r${i}`)])
        yield* Effect.forEach(
          Array.from({ length: 100 }, (_, i) => i),
          (i) => Effect.andThen(write(i), write(i + 100)),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(yield* store.count("model"), 200)
        assert.isAtMost((yield* commits) - before, 4)
      }),
    ),
  )

  inFolder(
    "is exclusive: a second process gets an error, and can open the file after the first has closed it",
    (filename) =>
      Effect.gen(function* () {
        const second = open(filename, (store) => store.count("model"))
        const reported = yield* open(filename, () => sentence(second))
        assert.strictEqual(
          reported,
          `StorageFailed: Database ${filename}: another process has it open. Stop that process, or use another file for this one.`,
        )
        assert.strictEqual(yield* second, 0)
      }),
  )

  inFolder("with a newer schema is rejected and left unchanged", (filename) =>
    Effect.gen(function* () {
      yield* openWithClient(
        filename,
        (_, sql) => sql`INSERT INTO drawbar_migrations (migration_id, name) VALUES (99, 'later')`,
      )
      const reported = yield* sentence(open(filename, (store) => store.count("model")))
      assert.match(
        reported,
        /^StorageFailed: The database was written by a newer Drawbar: its schema is 99, this version knows 4\. /,
      )
    }),
  )

  inFolder("that is invalid, damaged or in a missing folder is rejected with instructions", (filename) =>
    Effect.gen(function* () {
      const reported = sentence(open(filename, (store) => store.count("model")))
      yield* Effect.promise(() =>
        writeFile(filename, "no database at all, but long enough to look like a header ".repeat(10)),
      )
      assert.match(
        yield* reported,
        /^StorageFailed: Database .*: the file is not an SQLite database\. Use another file/,
      )
      yield* Effect.promise(() => rm(filename))
      yield* open(filename, (store) =>
        store.transact(Array.from({ length: 50 }, (_, i) => create(`r${i}`, "x".repeat(500)))),
      )
      yield* Effect.promise(() => truncate(filename, 8192))
      assert.match(
        yield* reported,
        /^StorageFailed: Database .*: the file is damaged\. Keep a copy of it, then restore a backup\.$/,
      )
      const nowhere = sentence(open(join(filename, "nowhere", "x.db"), (store) => store.count("model")))
      assert.match(yield* nowhere, /^StorageFailed: Database .*: it cannot be opened\. Check that the folder exists/)
    }),
  )

  inFolder("that is read-only rejects writes and can still be read", (filename) =>
    openWithClient(filename, (store, sql) =>
      Effect.gen(function* () {
        yield* store.transact([create("a")])
        yield* sql`PRAGMA query_only = ON`
        assert.match(yield* sentence(store.transact([create("b")])), /^StorageFailed: Database .*: it is read-only\. /)
        assert.strictEqual(yield* store.count("model"), 1)
        yield* sql`PRAGMA query_only = OFF`
        yield* store.transact([create("b")])
      }),
    ),
  )

  inFolder("that is full rejects a write that does not fit, and accepts smaller ones in the same group", (filename) =>
    openWithClient(filename, (store, sql) =>
      Effect.gen(function* () {
        yield* store.transact([create("a")])
        const [{ pages } = { pages: 0 }] = yield* sql<{
          pages: number
        }>`SELECT page_count AS pages FROM pragma_page_count`
        yield* sql`PRAGMA max_page_count = ${sql.literal(String(pages + 20))}`
        const big = Array.from({ length: 200 }, (_, i) => create(`big${i}`, "much text ".repeat(50)))
        const reported = yield* Effect.all(
          [store.transact([create("b")]), store.transact(big), store.transact([create("c")])].map(sentence),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(reported, [
          "it did not fail",
          `StorageFailed: Database ${filename}: the disk is full. This write was not stored; free some space and try again.`,
          "it did not fail",
        ])
        assert.strictEqual(yield* store.count("model"), 3)
        // A small write would fit, but a record of the maximum size would not: the store is not ready.
        yield* store.transact([create("d")])
        for (let n = 0; n < 3; n++) {
          const { reason } = yield* Effect.flip(store.writable)
          assert.deepStrictEqual([reason._tag, "isFull" in reason && reason.isFull], ["StorageFailed", true])
        }
        yield* sql`PRAGMA max_page_count = 1000000`
        yield* store.writable
        yield* store.transact(big)
        yield* store.writable
      }),
    ),
  )
})
