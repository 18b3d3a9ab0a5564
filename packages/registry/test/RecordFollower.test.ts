/** Settings, users and keys hold as they are stored, whichever process wrote them last. */
import { type Listener, ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { StorageFailed, StoreError } from "@drawbar/document-store/StoreError"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Principals } from "../src/access/Principals.ts"
import * as MemoryLimits from "../src/limits/MemoryLimits.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import * as PublicHosts from "../src/settings/PublicHosts.ts"
import { Settings } from "../src/settings/Settings.ts"

/** Two processes on one database: the feed of each reports what either writes. `state` makes reads fail and stops the reports. */
const processes = Effect.gen(function* () {
  const stored = Context.get(yield* Layer.build(SqliteDocumentStore.layerMemory), DocumentStore)
  const listeners = new Set<Listener>()
  const state = { failures: 0, announces: true }
  const broken = StoreError.from(new StorageFailed({ operation: "read", message: "The database is away" }))

  const start = Effect.gen(function* () {
    const store: DocumentStore["Service"] = {
      ...stored,
      get: (...request) => Effect.suspend(() => (state.failures-- > 0 ? Effect.fail(broken) : stored.get(...request))),
    }
    const own = Context.get(
      yield* Layer.build(Layer.fresh(RecordFeed.layer).pipe(Layer.provide(Layer.succeed(DocumentStore, store)))),
      ChangeFeed,
    )
    const feed: ChangeFeed["Service"] = {
      commit: (writes) =>
        Effect.tap(own.commit(writes), () =>
          Effect.sync(() => {
            if (state.announces)
              for (const listener of listeners) listener(writes.map(({ collection, id }) => ({ collection, id })))
          }),
        ),
      subscribe: (listener) =>
        Effect.andThen(
          Effect.sync(() => listeners.add(listener)),
          own.subscribe(listener),
        ),
    }
    const layer = Layer.mergeAll(Settings.layer(), Principals.layer).pipe(
      Layer.provide(
        Layer.mergeAll(Layer.succeed(DocumentStore, store), Layer.succeed(ChangeFeed, feed), MemoryLimits.layer),
      ),
    )
    const services = yield* Layer.build(Layer.fresh(layer))
    const publicHosts = PublicHosts.make.pipe(
      Effect.provide(services),
      Effect.provideService(DocumentStore, store),
      Effect.provideService(ChangeFeed, feed),
    )
    return {
      settings: Context.get(services, Settings),
      principals: Context.get(services, Principals),
      feed,
      publicHosts,
    }
  })
  return { a: yield* start, b: yield* start, state, listeners }
})

/** Lets what runs in the background come to its next wait. */
const settled = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow, { discard: true })

const streams = "plugins.ml_commons.stream_enabled"
const remote = "plugins.ml_commons.remote_inference.enabled"
const persistent = (settings: Record<string, unknown>) => ({ persistent: settings }) as never

describe("settings that another process changes", () => {
  it.effect("hold, and are passed to listeners", () =>
    Effect.gen(function* () {
      const { a, b } = yield* processes
      const reported: Array<string> = []
      yield* b.settings.subscribe((changed) => void reported.push(...changed))
      yield* a.settings.update(persistent({ [streams]: false }))
      assert.isFalse(a.settings.get(streams))
      yield* settled
      assert.isFalse(b.settings.get(streams))
      assert.deepStrictEqual(reported, [streams])
    }),
  )

  it.effect("are kept by a later change of the first, also before it has read them", () =>
    Effect.gen(function* () {
      const { a, b, state } = yield* processes
      state.announces = false
      yield* a.settings.update(persistent({ [streams]: false }))
      assert.isTrue(b.settings.get(streams))
      yield* b.settings.update(persistent({ [remote]: false }))
      assert.deepStrictEqual([b.settings.get(streams), b.settings.get(remote)], [false, false])
    }),
  )

  it.effect("are all kept where both write at once", () =>
    Effect.gen(function* () {
      const { a, b } = yield* processes
      const names = Array.from({ length: 30 }, (_, n) => `cluster.made.up.${n}`)
      yield* Effect.forEach(names, (name, n) => (n % 2 === 0 ? a : b).settings.update(persistent({ [name]: "x" })), {
        concurrency: "unbounded",
      })
      yield* settled
      for (const { settings } of [a, b]) {
        const { persistent: kept } = settings.show({ flat_settings: true })
        assert.sameMembers(Object.keys(Object(kept)), names)
      }
    }),
  )

  it.effect("fail an update that cannot read them, and are not replaced", () =>
    Effect.gen(function* () {
      const { a, state } = yield* processes
      yield* a.settings.update(persistent({ [streams]: false }))
      state.failures = 1
      const { reason } = yield* Effect.flip(a.settings.update(persistent({ [remote]: false })))
      assert.strictEqual(reason._tag, "StorageFailed")
      yield* a.settings.update(persistent({ [remote]: false }))
      assert.deepStrictEqual([a.settings.get(streams), a.settings.get(remote)], [false, false])
    }),
  )

  it.effect("are read again until the database answers", () =>
    Effect.gen(function* () {
      const { a, b, state, listeners } = yield* processes
      state.announces = false
      yield* a.settings.update(persistent({ [streams]: false }))
      state.failures = 3
      for (const listener of listeners) listener([{ collection: "config", id: "_settings" }])
      yield* settled
      assert.isTrue(b.settings.get(streams))
      for (let n = 0; n < 3; n++) {
        yield* TestClock.adjust("1 second")
        yield* settled
      }
      assert.isFalse(b.settings.get(streams))
    }),
  )

  it.effect("stay transient where they are", () =>
    Effect.gen(function* () {
      const { a, b } = yield* processes
      yield* a.settings.update({ transient: { [streams]: false } })
      yield* settled
      assert.deepStrictEqual([a.settings.get(streams), b.settings.get(streams)], [false, true])
    }),
  )
})

const made = (principals: Principals["Service"]) => principals.createKey({ name: "k", roles: ["reader"] })
const isKnown = (principals: Principals["Service"], key: string) =>
  Effect.map(principals.authenticate({ _tag: "Key", key }), Option.isSome)

describe("a key that another process", () => {
  it.effect("makes authenticates until that process deletes it, and at once in its own", () =>
    Effect.gen(function* () {
      const { a, b } = yield* processes
      const { id, key } = yield* made(a.principals)
      assert.isTrue(yield* isKnown(a.principals, key))
      yield* settled
      assert.isTrue(yield* isKnown(b.principals, key))
      assert.strictEqual((yield* b.principals.list).length, 1)
      yield* a.principals.delete(id)
      assert.isFalse(yield* isKnown(a.principals, key))
      yield* settled
      assert.isFalse(yield* isKnown(b.principals, key))
    }),
  )

  it.effect("deletes does not authenticate while the database cannot be read", () =>
    Effect.gen(function* () {
      const { a, b, state, listeners } = yield* processes
      const { id, key } = yield* made(a.principals)
      yield* settled
      state.announces = false
      yield* a.principals.delete(id)
      state.failures = 1_000
      for (const listener of listeners) listener([{ collection: "principal", id }])
      yield* settled
      assert.isFalse(yield* isKnown(b.principals, key))
    }),
  )
})

const trusted = (...hosts: ReadonlyArray<string>) => persistent({ "plugins.drawbar.trusted_hosts": hosts })

describe("a trusted host that has had a public address", () => {
  const [one, another] = ["http://models.example", "http://others.example"] as const

  it.effect("is known to every server, and after a restart, until it is trusted no more", () =>
    Effect.gen(function* () {
      const { a, b } = yield* processes
      yield* a.settings.update(trusted(one, another))
      const [first, second] = [yield* a.publicHosts, yield* b.publicHosts]
      first.add(one)
      second.add(another)
      yield* settled
      assert.deepStrictEqual([first.has(another), second.has(one)], [true, true])
      const restarted = yield* b.publicHosts
      assert.deepStrictEqual([restarted.has(one), restarted.has(another)], [true, true])

      yield* a.settings.update(trusted(another))
      yield* settled
      yield* a.settings.update(trusted(one, another))
      yield* settled
      const again = yield* b.publicHosts
      for (const hosts of [first, again]) assert.deepStrictEqual([hosts.has(one), hosts.has(another)], [false, true])
    }).pipe(Effect.scoped),
  )
})
