import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Versions } from "../src/history/Versions.ts"
import { ModelGroups } from "../src/models/ModelGroups.ts"
import { Models } from "../src/models/Models.ts"
import { Connectors } from "../src/records/Connectors.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import { Tasks } from "../src/records/Tasks.ts"
import * as Lease from "../src/retention/Lease.ts"
import { Retention } from "../src/retention/Retention.ts"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import { Settings } from "../src/settings/Settings.ts"

const services = (settings = {}) =>
  Layer.mergeAll(Versions.layer, Retention.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer, Tasks.layer)),
    Layer.provideMerge(Settings.layer(settings)),
    Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordFeed.layer)),
    Layer.provideMerge(Layer.mergeAll(KeyRing.layerMemory, SqliteDocumentStore.layerMemory)),
  )

const blueprint: Blueprint = {
  connector: {
    name: "A",
    version: "1",
    protocol: "http",
    parameters: {},
    actions: [{ action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1" }],
  },
  credential: {},
}
const described = (id: string, description: string) =>
  Effect.flatMap(Connectors, (connectors) =>
    connectors.update(id, { connector: { description }, parameters: {}, credential: {} }),
  )
const versionsOf = (id: string) =>
  Effect.map(
    Effect.flatMap(Versions, (versions) => versions.list("connector", id)),
    ({ versions }) => versions.map(({ version }) => version),
  )
const contents = Effect.flatMap(DocumentStore, (store) =>
  Effect.map(Stream.runCollect(store.all("version")), (all) => all.length),
)
const sweep = Effect.flatMap(Retention, (retention) => retention.sweep)
const task = { task_type: "DEPLOY_MODEL", is_async: false } as const

describe("a sweep of versions", () => {
  it.effect("keeps the newest of each record, and goes on to count", () =>
    Effect.gen(function* () {
      const id = yield* (yield* Connectors).create(blueprint)
      const other = yield* (yield* Connectors).create(blueprint)
      for (let i = 2; i <= 6; i++) yield* described(id, `version ${i}`)
      assert.deepStrictEqual(yield* sweep, { versions: 3, tasks: 0 })
      assert.deepStrictEqual(yield* versionsOf(id), [6, 5, 4])
      assert.deepStrictEqual(yield* versionsOf(other), [1])
      assert.strictEqual(yield* contents, 4)
      yield* described(id, "version 7")
      assert.deepStrictEqual(yield* versionsOf(id), [7, 6, 5, 4])
      assert.include((yield* Effect.flip((yield* Versions).get("connector", id, 2))).message, "Its versions are 4 to 7")
    }).pipe(Effect.provide(services({ "plugins.drawbar.retention.versions.max_count": "3" }))),
  )

  it.effect("deletes those that are too old, but for the newest", () =>
    Effect.gen(function* () {
      const id = yield* (yield* Connectors).create(blueprint)
      yield* described(id, "second")
      yield* TestClock.adjust("8 days")
      yield* described(id, "third")
      assert.deepStrictEqual(yield* sweep, { versions: 2, tasks: 0 })
      yield* TestClock.adjust("400 days")
      assert.deepStrictEqual(yield* sweep, { versions: 0, tasks: 0 })
      assert.deepStrictEqual(yield* versionsOf(id), [3])
    }).pipe(Effect.provide(services({ "plugins.drawbar.retention.versions.max_age_days": "7" }))),
  )
})

describe("a sweep of tasks", () => {
  it.effect("keeps the newest, and those that run", () =>
    Effect.gen(function* () {
      const tasks = yield* Tasks
      const running = yield* tasks.create({ ...task, state: "RUNNING" })
      for (let i = 0; i < 250; i++) {
        yield* TestClock.adjust("1 second")
        yield* tasks.create({ ...task, state: "COMPLETED" })
      }
      const newest = yield* tasks.create({ ...task, state: "COMPLETED" })
      assert.deepStrictEqual(yield* sweep, { versions: 0, tasks: 242 })
      yield* tasks.get(running)
      yield* tasks.get(newest)
      assert.strictEqual(yield* (yield* DocumentStore).count("task"), 10)
    }).pipe(Effect.provide(services({ "plugins.drawbar.retention.tasks.max_count": "10" }))),
  )

  it.effect("deletes those that are too old", () =>
    Effect.gen(function* () {
      const tasks = yield* Tasks
      yield* tasks.create({ ...task, state: "FAILED" })
      yield* TestClock.adjust("91 days")
      const young = yield* tasks.create({ ...task, state: "COMPLETED" })
      assert.deepStrictEqual(yield* sweep, { versions: 0, tasks: 1 })
      yield* tasks.get(young)
    }).pipe(Effect.provide(services())),
  )
})

describe("a lease", () => {
  it.effect("is held by one, and passes on when it is not renewed", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* Lease.make("test", 60_000), yield* Lease.make("test", 60_000)]
      assert.deepStrictEqual([yield* a, yield* b], [true, false])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([yield* b, yield* a], [false, true])
      yield* TestClock.adjust("45 seconds")
      assert.deepStrictEqual([yield* b, yield* a], [false, true])
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual([yield* b, yield* a], [true, false])
      // Of many that ask at once, one gets it.
      yield* TestClock.adjust("61 seconds")
      const many = yield* Effect.forEach(Array.from({ length: 5 }), () => Lease.make("test", 60_000))
      const held = yield* Effect.all(many, { concurrency: "unbounded" })
      assert.lengthOf(held.filter(Boolean), 1)
    }).pipe(Effect.provide(services())),
  )
})

it.effect("the settings' own history is swept, too", () =>
  Effect.gen(function* () {
    const settings = yield* Settings
    for (const count of ["1", "2", "3"])
      yield* settings.update({ persistent: { "plugins.drawbar.retention.versions.max_count": count } })
    yield* settings.update({ persistent: { "plugins.drawbar.retention.versions.max_count": "2" } })
    assert.deepStrictEqual(yield* sweep, { versions: 2, tasks: 0 })
  }).pipe(Effect.provide(services())),
)
