/** Replicas on one PostgreSQL database: one of them sweeps. */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import * as PostgresDocumentStore from "@drawbar/document-store/PostgresDocumentStore"
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Lease from "../src/retention/Lease.ts"

let server: PostgresServer.PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
})
afterAll(() => server.close())

/** Long enough for a busy machine. */
const leaseMillis = 6_000

it.live("one of five replicas holds the lease, keeps it while it renews it, and is followed by one other", () =>
  Effect.gen(function* () {
    const database = yield* Effect.promise(() => server.createDatabase())
    const replica = Effect.flatMap(
      Layer.build(
        Layer.fresh(Layer.provideMerge(ChangeFeed.layer({}), PostgresDocumentStore.layer(server.optionsOf(database)))),
      ),
      (services) => Effect.provide(Lease.make("retention", leaseMillis), services),
    )
    const replicas = yield* Effect.all(Array.from({ length: 5 }, () => replica))
    const holders = (asked: ReadonlyArray<number>) =>
      Effect.map(
        Effect.all(
          asked.map((i) => replicas[i] ?? Effect.succeed(false)),
          { concurrency: "unbounded" },
        ),
        (held) => asked.filter((_, i) => held[i]),
      )
    const all = [0, 1, 2, 3, 4]
    const [holder, ...none] = yield* holders(all)
    assert.isDefined(holder)
    assert.deepStrictEqual(none, [])
    for (let n = 0; n < 3; n++) {
      yield* Effect.sleep("500 millis")
      assert.deepStrictEqual(yield* holders(all), [holder])
    }
    // It is gone: after its time one of the others has the lease, and no two.
    const others = all.filter((i) => i !== holder)
    yield* Effect.sleep("500 millis")
    assert.deepStrictEqual(yield* holders(others), [])
    yield* Effect.sleep(leaseMillis)
    assert.lengthOf(yield* holders(others), 1)
  }),
)
