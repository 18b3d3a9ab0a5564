import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Stream } from "effect"
import * as JsonDiff from "../src/history/JsonDiff.ts"
import { Versions } from "../src/history/Versions.ts"
import { ModelGroups } from "../src/models/ModelGroups.ts"
import { Models } from "../src/models/Models.ts"
import { Connectors } from "../src/records/Connectors.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import * as KeyRotation from "../src/secrets/KeyRotation.ts"
import { Settings } from "../src/settings/Settings.ts"

const services = Versions.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer)),
  Layer.provideMerge(Settings.layer()),
  Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordFeed.layer)),
  Layer.provideMerge(Layer.mergeAll(KeyRing.layerMemory, SqliteDocumentStore.layerMemory)),
)

const secret = "sk-planted-0123456789"
const blueprint: Blueprint = {
  connector: {
    name: "A",
    version: "1",
    protocol: "http",
    parameters: { x: "1" },
    actions: [{ action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1" }],
  },
  credential: { key: Redacted.make(secret) },
}
const update = (id: string, change: Partial<Blueprint["connector"]>, credential = {}) =>
  Effect.flatMap(Connectors, (connectors) => connectors.update(id, { connector: change, parameters: {}, credential }))
const list = (id: string) =>
  Effect.map(
    Effect.flatMap(Versions, (versions) => versions.list("connector", id)),
    ({ versions }) => versions,
  )

it.effect("a record that was stored before there were versions begins with what it was", () =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    const id = yield* (yield* Connectors).create(blueprint)
    for (const collection of ["history", "version"] as const)
      for (const { id } of yield* Stream.runCollect(store.all(collection)))
        yield* store.transact([{ _tag: "Delete", collection, id }])
    const versions = yield* Versions
    assert.lengthOf(yield* list(id), 1)
    assert.deepStrictEqual((yield* versions.get("connector", id, 1)).source["parameters"], { x: "1" })
    yield* update(id, { description: "changed" })
    assert.deepStrictEqual(
      (yield* list(id)).map(({ version, changed }) => [version, changed]),
      [
        [2, ["description"]],
        [1, []],
      ],
    )
    assert.notProperty((yield* versions.get("connector", id, 1)).source, "description")
    assert.deepStrictEqual((yield* versions.get("connector", id, 1)).credential_keys, ["key"])
  }).pipe(Effect.provide(services)),
)

it.effect("a key rotation makes no version, and another secret makes one that does not contain it", () =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    const id = yield* (yield* Connectors).create(blueprint)
    yield* (yield* KeyRing).rotate
    assert.strictEqual(yield* KeyRotation.rotate, 1)
    assert.lengthOf(yield* list(id), 1)
    yield* update(id, {}, { key: Redacted.make("sk-other-0123456789") })
    assert.deepStrictEqual((yield* list(id))[0]?.changed, ["credential"])
    for (const collection of ["history", "version"] as const)
      for (const document of yield* Stream.runCollect(store.all(collection))) {
        assert.deepStrictEqual(document.sealed, {})
        assert.notMatch(JSON.stringify(document), /sk-|v3\./)
      }
  }).pipe(Effect.provide(services)),
)

it.effect("a change that is not committed leaves no version", () =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    const id = yield* (yield* Connectors).create(blueprint)
    const before = Option.getOrThrow(yield* store.get("connector", id))
    yield* update(id, { description: "first" })
    const source = { ...before.source, description: "late" }
    const late = (yield* ChangeFeed).commit([
      { _tag: "Replace", collection: "connector", id, source, ifVersion: before.version },
    ])
    assert.strictEqual((yield* Effect.flip(late)).reason._tag, "VersionConflict")
    const refused = yield* Effect.flip(update(id, { name: "n".repeat(1_000) }))
    assert.include(refused.message, "characters")
    assert.lengthOf(yield* list(id), 2)
  }).pipe(Effect.provide(services)),
)

it.effect("a hundred writers side by side leave a hundred versions, in order", () =>
  Effect.gen(function* () {
    const id = yield* (yield* Connectors).create(blueprint)
    yield* Effect.forEach(
      Array.from({ length: 100 }, (_, i) => `d${i}`),
      (description) => update(id, { description }),
      { concurrency: "unbounded" },
    )
    const versions = yield* list(id)
    assert.deepStrictEqual(
      versions.map(({ version }) => version),
      Array.from({ length: 101 }, (_, i) => 101 - i),
    )
    const contents = yield* Effect.forEach(versions, ({ version }) =>
      Effect.flatMap(Versions, (service) => service.get("connector", id, version)),
    )
    assert.strictEqual(new Set(contents.map(({ source }) => source["description"])).size, 101)
  }).pipe(Effect.provide(services)),
)

it.effect("a record of the maximum size can be updated", () =>
  Effect.gen(function* () {
    const id = yield* (yield* Connectors).create(blueprint)
    const request_body = JSON.stringify({ x: "y".repeat(995_000) })
    const [action] = blueprint.connector.actions
    yield* update(id, { actions: [{ ...action!, request_body }] })
    assert.lengthOf(yield* list(id), 2)
  }).pipe(Effect.provide(services)),
)

it("a diff names each place by a JSON pointer", () => {
  const table = [
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, [{ op: "replace", path: "/a", before: 1, after: 2 }]],
    [{ "a/b~c": 1 }, {}, [{ op: "remove", path: "/a~1b~0c", before: 1 }]],
    [{ a: [1, 2] }, { a: [1] }, [{ op: "remove", path: "/a/1", before: 2 }]],
    [{ a: [] }, { a: {} }, [{ op: "replace", path: "/a", before: [], after: {} }]],
    [{ a: null }, { a: 0 }, [{ op: "replace", path: "/a", before: null, after: 0 }]],
    [{}, { __proto__x: 1 }, [{ op: "add", path: "/__proto__x", after: 1 }]],
    ["a", "b", [{ op: "replace", path: "", before: "a", after: "b" }]],
  ] as const
  for (const [before, after, changes] of table) assert.deepStrictEqual(JsonDiff.of(before, after), changes)
})
