/** `DocumentStore` on a real PostgreSQL server, which this file starts. */
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { ChangeFeed, type RecordChange } from "../src/ChangeFeed.ts"
import type { Write } from "../src/Document.ts"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as PostgresDocumentStore from "../src/PostgresDocumentStore.ts"
import type { PostgresOptions } from "../src/sql/PostgresClient.ts"
import { documentStoreContract } from "./DocumentStoreContract.ts"

let server: PostgresServer.PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
})
afterAll(() => server.close())

const newDatabase = Effect.promise(() => server.createDatabase())
const run = (statement: string, database?: string) => Effect.promise(() => server.run(statement, database))

documentStoreContract(
  "on PostgreSQL",
  Layer.unwrap(Effect.map(newDatabase, (database) => PostgresDocumentStore.layer(server.optionsOf(database)))),
)

const create = (id: string, name = id): Write => ({ _tag: "Create", collection: "model", id, source: { name } })

/** The store and the feed of one process. */
const process = (database: string) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(
      Layer.fresh(Layer.provideMerge(ChangeFeed.layer({}), PostgresDocumentStore.layer(server.optionsOf(database)))),
    )
    const seen: Array<string> = []
    const feed = Context.get(services, ChangeFeed)
    yield* feed.subscribe((changes: ReadonlyArray<RecordChange>) => void seen.push(...changes.map(({ id }) => id)))
    return { feed, store: Context.get(services, DocumentStore), seen }
  })

const until = (isTrue: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (isTrue() ? Effect.void : Effect.andThen(Effect.sleep("10 millis"), until(isTrue))))

describe("processes that share a PostgreSQL database", () => {
  it.live("see each other's writes and deletions, and their own once", () =>
    Effect.gen(function* () {
      const database = yield* newDatabase
      const [one, other] = yield* Effect.all([process(database), process(database)])
      yield* one.feed.commit([create("a"), create("b")])
      yield* other.feed.commit([create("c")])
      yield* one.feed.commit([{ _tag: "Delete", collection: "model", id: "b" }])
      yield* until(() => other.seen.includes("b") && one.seen.includes("c"))
      yield* Effect.sleep("600 millis")
      assert.deepStrictEqual(one.seen.toSorted(), ["a", "b", "b", "c"])
      assert.deepStrictEqual(
        other.seen.filter((id) => id === "c"),
        ["c"],
      )
    }),
  )

  it.live("migrate once, however many start at the same time", () =>
    Effect.gen(function* () {
      const database = yield* newDatabase
      yield* Effect.all(
        Array.from({ length: 5 }, () => process(database)),
        { concurrency: "unbounded" },
      )
      const rows = yield* run("SELECT migration_id FROM drawbar_migrations ORDER BY 1", database)
      assert.deepStrictEqual(
        rows,
        [1, 2, 3, 4].map((migration_id) => ({ migration_id })),
      )
    }),
  )

  it.live("let one of many writers of a version succeed, and lose no write", () =>
    Effect.gen(function* () {
      const database = yield* newDatabase
      const all = yield* Effect.all(Array.from({ length: 3 }, () => process(database)))
      yield* all[0]?.feed.commit([create("a")]) ?? Effect.void
      const next: Write = { _tag: "Replace", collection: "model", id: "a", source: { name: "b" }, ifVersion: 1 }
      const writes = all.flatMap(({ feed }, i) => [
        Effect.isSuccess(feed.commit([next])),
        ...Array.from({ length: 40 }, (_, n) => Effect.as(feed.commit([create(`${i}-${n}`)]), false)),
      ])
      const outcomes = yield* Effect.all(writes, { concurrency: "unbounded" })
      assert.strictEqual(outcomes.filter((isFirst) => isFirst).length, 1)
      assert.strictEqual(yield* all[1]?.store.count("model") ?? Effect.succeed(0), 121)
    }),
  )

  it.live(
    "see writes without notifications, and after the server was away; meanwhile writes fail for the time being",
    () =>
      Effect.gen(function* () {
        const database = yield* newDatabase
        const [one, other] = yield* Effect.all([process(database), process(database)])
        yield* run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`)
        yield* one.feed.commit([create("a")])
        yield* until(() => other.seen.includes("a"))

        yield* Effect.promise(() => server.stop())
        const failed = yield* Effect.flip(one.feed.commit([create("b")]))
        assert.strictEqual(failed.reason._tag === "StorageFailed" && failed.reason.retryAfterMillis, 2_000)
        while (yield* Effect.isSuccess(other.store.writable)) yield* Effect.sleep("10 millis")
        yield* Effect.promise(() => server.start())
        // Each process finds out for itself that the server is back.
        for (const { store } of [one, other])
          while (yield* Effect.isFailure(store.writable)) yield* Effect.sleep("10 millis")
        yield* one.feed.commit([create("c")])
        yield* until(() => other.seen.includes("c"))
      }),
  )
})

describe("a PostgreSQL server that cannot be used", () => {
  const failures: ReadonlyArray<
    readonly [string, (database: string) => Effect.Effect<Partial<PostgresOptions>>, RegExp]
  > = [
    [
      "has no such database",
      () => Effect.succeed({ database: "missing" }),
      /has no such database \(database "missing"/,
    ],
    [
      "rejects the password",
      () => Effect.succeed({ password: Effect.succeed(Redacted.make("wrong-secret")) }),
      /rejected the password/,
    ],
    ["gets no password", () => Effect.succeed({ password: undefined }), /asks for a password, but none is configured/],
    [
      "has no TLS",
      () => Effect.succeed({ tls: {} }),
      /does not accept TLS: set ssl = on there, or sslmode=disable here/,
    ],
    ["does not listen", () => Effect.succeed({ port: 1 }), /does not listen at this address/],
    [
      "is a standby",
      (database) => Effect.as(run(`ALTER DATABASE ${database} SET default_transaction_read_only = on`), {}),
      /is read-only: .* Use the address of the primary server/,
    ],
    [
      "accepts no more connections",
      () =>
        Effect.as(run("CREATE ROLE crowded LOGIN PASSWORD 'x' CONNECTION LIMIT 0"), {
          user: "crowded",
          password: Effect.succeed(Redacted.make("x")),
        }),
      /accepts no more connections .* Raise max_connections there, or lower --database-pool/,
    ],
    [
      "denies creating tables",
      () =>
        Effect.as(run("CREATE ROLE reader LOGIN PASSWORD 'x'"), {
          user: "reader",
          password: Effect.succeed(Redacted.make("x")),
        }),
      /denies this user what Drawbar needs/,
    ],
  ]
  for (const [what, change, sentence] of failures)
    it.live(`and ${what} is reported in a sentence without the password`, () =>
      Effect.gen(function* () {
        const database = yield* newDatabase
        const options = { ...server.optionsOf(database), ...(yield* change(database)) }
        const { message } = yield* Effect.flip(Effect.scoped(Layer.build(PostgresDocumentStore.layer(options))))
        assert.match(message, sentence)
        assert.notMatch(message, /wrong-secret|correct horse/)
      }),
    )

  it.live("and has a full disk is reported as full", () =>
    Effect.gen(function* () {
      const database = yield* newDatabase
      const { feed } = yield* process(database)
      yield* run(
        `CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`,
        database,
      )
      yield* run("CREATE TRIGGER no_space BEFORE INSERT ON documents EXECUTE FUNCTION no_space()", database)
      const { reason } = yield* Effect.flip(feed.commit([create("a")]))
      assert.deepInclude(reason, { _tag: "StorageFailed", isFull: true })
      assert.match(reason.message, /has no disk space left/)
    }),
  )
})
