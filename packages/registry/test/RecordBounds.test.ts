/** What a record may hold: every number, every list; and that a record which cannot be read stops nothing. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { decode } from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Result, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as StoreBounds from "@drawbar/document-store/StoreBounds"
import { Connectors } from "../src/records/Connectors.ts"
import { Controller } from "../src/models/Controllers.ts"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import type { Collection } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { RecordQueue } from "../src/internal/RecordQueue.ts"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import { UsageRow } from "../src/spend/UsageRow.ts"
import { Model } from "../src/models/Model.ts"
import { ModelGroup } from "../src/models/ModelGroup.ts"
import { ModelGroups } from "../src/models/ModelGroups.ts"
import { Models } from "../src/models/Models.ts"
import { Principal } from "../src/access/Principal.ts"
import { Principals } from "../src/access/Principals.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import * as MemoryLimits from "../src/limits/MemoryLimits.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import * as RateLimit from "../src/models/RateLimit.ts"
import { Settings } from "../src/settings/Settings.ts"
import * as SqlDialect from "@drawbar/document-store/sql/SqlDialect"
import * as SqlDocumentStore from "@drawbar/document-store/sql/SqlDocumentStore"
import * as SqliteClient from "@drawbar/document-store/sql/SqliteClient"
import { Task } from "../src/records/Task.ts"

/** Numbers that are none, or that come back otherwise than they went. */
const wild = [Number.NaN, Infinity, -Infinity, 1e305, -1e305, 1e21, Number.MAX_SAFE_INTEGER * 4]

/** Every field takes one of these. */
const ordinary = [1, 1_000_000]

const schemas = { Model, ModelGroup, Task, Principal, UsageRow, Controller }

/** The paths of all number fields of a schema, found by walking it. */
const numberFields = (schema: Schema.Top, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> => {
  const { ast } = schema
  if (ast._tag === "Number") return [path]
  if ("fields" in schema)
    return Object.entries(schema.fields as Record<string, Schema.Top>).flatMap(([name, field]) =>
      numberFields(field, [...path, name]),
    )
  return "schema" in schema ? numberFields(schema.schema as Schema.Top, path) : []
}

describe("a number", () => {
  it.each(Object.entries(schemas))("in every field of a %s has bounds", (_name, schema) => {
    for (const path of numberFields(schema)) {
      const field = path.reduce<Schema.Top>((inner, name) => {
        const within = "schema" in inner ? (inner.schema as Schema.Top) : inner
        return (within as Schema.Struct<Record<string, Schema.Top>>).fields[name] as Schema.Top
      }, schema)
      const inner = "schema" in field ? (field.schema as Schema.Top) : field
      const read = decode(inner as Schema.Top & Schema.ConstraintDecoder<unknown>)
      for (const value of wild) assert.isTrue(Result.isFailure(read(value)), `${path.join(".")} takes ${value}`)
      assert.isTrue(
        ordinary.some((value) => Result.isSuccess(read(value))),
        path.join("."),
      )
    }
  })

  it("is found in the schemas by the walk", () => {
    assert.deepStrictEqual(
      Object.entries(schemas).map(([name, schema]) => [name, numberFields(schema).length]),
      [
        ["Model", 20],
        ["ModelGroup", 3],
        ["Task", 3],
        ["Principal", 6],
        ["UsageRow", 6],
        ["Controller", 0],
      ],
    )
  })

  it.each(["1e9", "9".repeat(400), "9".repeat(16), "1.".padEnd(30, "1"), "-1", "NaN"])(
    "of a rate limit is not %s",
    (limit) => assert.isTrue(Result.isFailure(RateLimit.check({ limit }))),
  )
})

const blueprint = (
  more: Partial<Blueprint["connector"]> = {},
  credential: Blueprint["credential"] = {},
): Blueprint => ({
  connector: {
    name: "A",
    version: "1",
    protocol: "http",
    parameters: {},
    actions: [{ action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1" }],
    ...more,
  },
  credential,
})
const named = <A>(count: number, value: A) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]))
const action = { action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1" } as const

const properties = (count: number) => ({ type: "object", properties: named(count, { type: "string" }) })

const services = Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer).pipe(
  Layer.provideMerge(Settings.layer()),
  Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordFeed.layer)),
  Layer.provideMerge(Layer.mergeAll(KeyRing.layerMemory, SqliteDocumentStore.layerMemory)),
)

layer(services)("a record", (it) => {
  it.effect("takes so many parts of a connector and no more", () =>
    Effect.gen(function* () {
      const connectors = yield* Connectors
      const secret = Redacted.make("s")
      const table: ReadonlyArray<readonly [Blueprint, string | undefined]> = [
        [blueprint({ parameters: named(1_000, "v") }), undefined],
        [blueprint({ parameters: named(1_001, "v") }), "[/parameters] has 1001 members: 1000 are taken at most"],
        [blueprint({}, named(100, secret)), undefined],
        [blueprint({}, named(101, secret)), "[/credential] has 101 members: 100 are taken at most"],
        [blueprint({ actions: Array.from({ length: 50 }, () => action) }), undefined],
        [blueprint({ actions: Array.from({ length: 51 }, () => action) }), "A connector has 51 actions"],
        [blueprint({ name: "n".repeat(255) }), undefined],
        [blueprint({ name: "n".repeat(256) }), "Model connector name has 256 characters"],
        [blueprint({ parameters: { ["n".repeat(256)]: "v" } }), "[/parameters] has a name of 256 characters"],
        [blueprint({ parameters: { a: "v".repeat(1_000_000) } }), "a record takes 1000000 at most"],
        [blueprint({}, { a: Redacted.make("v".repeat(800_000)) }), "a record takes 1000000 at most"],
      ]
      for (const [given, message] of table) {
        const outcome = yield* Effect.result(connectors.create(given))
        assert.strictEqual(Result.isSuccess(outcome), message === undefined, message)
        if (Result.isFailure(outcome)) {
          assert.include(outcome.failure.message, message ?? "")
          assert.strictEqual(outcome.failure.reason._tag, "InvalidField")
        }
      }
    }),
  )

  it.effect("takes no more by changes one after the other", () =>
    Effect.gen(function* () {
      const connectors = yield* Connectors
      const id = yield* connectors.create(blueprint({ parameters: named(600, "v") }))
      const parameters = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`other${i}`, "v"]))
      const refused = yield* Effect.flip(connectors.update(id, { connector: {}, parameters, credential: {} }))
      assert.include(refused.message, "[/parameters] has 1200 members")
    }),
  )

  it.effect("takes names of 255 characters and interfaces of so many nodes", () =>
    Effect.gen(function* () {
      const models = yield* Models
      const connector_id = yield* (yield* Connectors).create(blueprint())
      const remote = (more: object) => ({ name: "m", function_name: "remote", connector_id, ...more })
      const table: ReadonlyArray<readonly [object, string | undefined]> = [
        [{ name: "n".repeat(255) }, undefined],
        [{ name: "n".repeat(256) }, "Model name has 256 characters"],
        [{ interface: { input: properties(1_000) } }, undefined],
        [{ interface: { input: properties(2_000) } }, "The input interface has more than 5000 nodes"],
        [
          { interface: { input: properties(1_000), output: properties(1_000) } },
          "5000 nodes in input and output together",
        ],
        [{ model_config: { additional_config: { a: "x".repeat(1_000_000) } } }, "a record takes 1000000 at most"],
        [{ model_config: { embedding_dimension: 1e305 } }, "embedding_dimension"],
        [{ deploy_setting: { model_ttl_minutes: 1e300 } }, "model_ttl_minutes"],
      ]
      for (const [more, message] of table) {
        const outcome = yield* Effect.result(models.register(remote(more) as never))
        assert.strictEqual(
          Result.isSuccess(outcome),
          message === undefined,
          `${message} ${Result.isFailure(outcome) ? outcome.failure.message : ""}`,
        )
        if (Result.isFailure(outcome)) assert.include(outcome.failure.message, message ?? "")
      }
      const refused = yield* Effect.flip((yield* ModelGroups).register({ name: "n".repeat(256) }))
      assert.include(refused.message, "Model group name has 256 characters")
    }),
  )

  it.effect.each(["connector", "model", "model-group", "task", "controller", "principal"] as const)(
    "that could not be read again is not written (%s)",
    (collection) =>
      Effect.gen(function* () {
        const changes = yield* ChangeFeed
        const store = yield* DocumentStore
        const refused = yield* Effect.flip(
          changes.commit([{ _tag: "Create", collection, id: "unreadable", source: { created_time: 1e305 } }]),
        )
        assert.strictEqual(refused.reason._tag, "InvalidField")
        assert.strictEqual((yield* store.get(collection, "unreadable"))._tag, "None")
      }),
  )

  it.effect("is written by many writers at once, each of which begins once", () =>
    Effect.gen(function* () {
      const models = yield* Models
      const store = yield* DocumentStore
      const connector_id = yield* (yield* Connectors).create(blueprint())
      let commits = 0
      const changes = yield* ChangeFeed
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* changes.subscribe(() => void commits++)
          yield* Effect.forEach(
            Array.from({ length: 150 }, (_, i) => ({ name: `many${i}`, function_name: "remote", connector_id })),
            (body) => models.register(body),
            { concurrency: "unbounded" },
          )
        }),
      )
      // Listeners are called for a refused commit as well: side by side there were some thousand of them.
      assert.strictEqual(commits, 150)
      const found = yield* store.search("model", { ...(yield* everyModel), size: 0 })
      assert.isAtLeast(found.total, 150)
    }),
  )
})

const everyModel = Effect.map(
  Effect.promise(() => import("@drawbar/document-store/search/Search")),
  ({ matchAll }) => matchAll,
)

const writeRaw = (collection: Collection, id: string, source: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`INSERT INTO documents ${sql.insert({ collection, id, version: 1, seq_no: 0, source, sealed: "{}" })}`,
  )

const good = (kind: "user" | "api_key", name: string): JsonObject => ({
  kind,
  name,
  roles: ["reader"],
  backend_roles: [],
  created_time: 1,
})

describe("a record that cannot be read", () => {
  const client = SqliteClient.layer({ filename: ":memory:" })
  const store = Layer.effect(DocumentStore, SqlDocumentStore.make(SqlDialect.sqlite))
  it.effect("is left out where all are read, and does not stop the start of what reads them", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(DocumentStore, ({ count }) => count("principal"))
      yield* writeRaw("principal", "key-a", "no JSON")
      yield* writeRaw("principal", "key-b", JSON.stringify({ ...good("api_key", "late"), expires_time: 1e305 }))
      yield* writeRaw("principal", "user-c", JSON.stringify(good("user", "c")))
      yield* writeRaw("config", "_settings", "no JSON")
      const documents = yield* Stream.runCollect((yield* DocumentStore).all("principal"))
      assert.deepStrictEqual(
        Array.from(documents, ({ id }) => id),
        ["key-b", "user-c"],
      )
      const started = Layer.mergeAll(Principals.layer, Settings.layer()).pipe(
        Layer.provide(Layer.mergeAll(RecordFeed.layer, MemoryLimits.layer)),
      )
      const { listed, isStrict } = yield* Effect.gen(function* () {
        const settings = yield* Settings
        yield* settings.update({ persistent: { "plugins.ml_commons.stream_enabled": "false" } })
        return {
          listed: yield* (yield* Principals).list,
          isStrict: settings.get("plugins.ml_commons.model_access_control_enabled"),
        }
      }).pipe(Effect.provide(started))
      assert.deepStrictEqual(
        listed.map(({ id }) => id),
        ["user-c"],
      )
      // Settings that cannot be read may have protected records: they are taken to have done so.
      assert.isTrue(isStrict)
    }).pipe(Effect.provide(store.pipe(Layer.provideMerge(client)))),
  )
})

it.effect("the queue of a record forgets records without a waiting writer, and keeps writers apart", () =>
  Effect.gen(function* () {
    const queue = new RecordQueue()
    let inside = 0
    let most = 0
    const writer = Effect.gen(function* () {
      most = Math.max(most, ++inside)
      yield* Effect.yieldNow
      inside--
    })
    yield* Effect.forEach(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? ["a", "b"] : ["b", "a"])),
      (records) => queue.inTurn(records, writer),
      { concurrency: "unbounded" },
    )
    assert.deepStrictEqual([most, queue.size], [1, 0])
    assert.isAtMost(StoreBounds.recordBytes, 1_000_000)
  }),
)
