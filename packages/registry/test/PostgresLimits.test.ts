/** Limits that processes share, on a real PostgreSQL server. */
import * as BrokenNetwork from "@drawbar/test-postgres/BrokenNetwork"
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { Context, Effect, Layer, Result } from "effect"
import { type Claim, Limits } from "../src/limits/Limits.ts"
import type { Moment } from "../src/limits/Moment.ts"
import type { SpentBefore } from "../src/limits/WindowBudget.ts"
import * as PostgresLimits from "../src/limits/PostgresLimits.ts"
import { limitsContract } from "./LimitsContract.ts"

let server: PostgresServer.PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
})
afterAll(() => server.close())

const newDatabase = Effect.promise(() => server.createDatabase())

limitsContract(
  "processes on PostgreSQL",
  Layer.unwrap(Effect.map(newDatabase, (database) => PostgresLimits.layer(server.optionsOf(database)))),
)

const process = (database: string, spentBefore?: SpentBefore) =>
  Effect.map(Layer.build(Layer.fresh(PostgresLimits.layer(server.optionsOf(database), spentBefore))), (built) =>
    Context.get(built, Limits),
  )

const now = (): Moment => ({ monotonicMs: performance.now(), epochMs: Date.now() })
const rate: Claim = { _tag: "Rate", key: "m", limit: { limit: "1000", unit: "DAYS" } }
const tokens: Claim = { _tag: "Tokens", key: "t", perDay: 10_000, estimate: 40 }

it.live(
  "three processes together let through what one limit allows, and give back what they leased and did not use",
  () =>
    Effect.gen(function* () {
      const database = yield* newDatabase
      const all = yield* Effect.all([process(database), process(database), process(database)])
      let [calls, spent, refused] = [0, 0, 0]
      const lane = (limits: Limits["Service"]) =>
        Effect.gen(function* () {
          for (let n = 0; n < 100; n++) {
            const result = yield* Effect.result(limits.reserve([rate, tokens], now()))
            if (Result.isFailure(result)) {
              refused++
              continue
            }
            calls++
            spent += 20
            yield* result.success.settle(20)
          }
        })
      yield* Effect.all(
        all.flatMap((limits) => Array.from({ length: 4 }, () => lane(limits))),
        { concurrency: "unbounded" },
      )
      // The last call of each lane takes what is left, and may use more than that.
      const most = 10_000 + 12 * 20
      assert.isBelow(spent, most)
      assert.isAtMost(calls, 1_000)
      // What a process holds for a moment may have refused a few calls of another one.
      assert.isAbove(spent, 9_000)
      assert.isAbove(refused, 600)
      yield* Effect.sleep("1500 millis")
      // One process can use what the others have given back.
      const [one] = all
      for (;;) {
        const result = yield* Effect.result(one.reserve([rate, { ...tokens, estimate: 20 }], now()))
        if (Result.isFailure(result)) break
        spent += 20
        yield* result.success.settle(20)
      }
      assert.isAtLeast(spent, 10_000)
      assert.isBelow(spent, most)
    }),
)

it.live("most calls wait for no round trip", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const limits = yield* process(database)
    const claim: Claim = { _tag: "Rate", key: "big", limit: { limit: "100000", unit: "MINUTES" } }
    const trips = () =>
      Effect.promise(async () => {
        const [row] = await server.run(
          "SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()",
          database,
        )
        return Number(row?.["n"])
      })
    yield* Effect.sleep("1200 millis")
    const before = yield* trips()
    for (let n = 0; n < 2_000; n++) yield* limits.reserve([claim], now())
    yield* Effect.sleep("1200 millis")
    assert.isBelow((yield* trips()) - before, 400)
  }),
)

it.live("a wrong password that one process has seen counts for all", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const [one, other] = yield* Effect.all([process(database), process(database)])
    for (let n = 0; n < 3; n++) {
      yield* one.logins.failed("ada", now())
      yield* other.logins.failed("ada", now())
    }
    assert.isAbove((yield* one.logins.wait("ada", now())) ?? 0, 0)
    assert.isAbove((yield* other.logins.wait("ada", now())) ?? 0, 0)
    yield* one.logins.succeeded("ada")
    assert.isUndefined(yield* one.logins.wait("ada", now()))
  }),
)

const budget = { _tag: "Budget", key: "b", unit: "nano_usd", window: "total", limit: 1_000, estimate: 10 } as const
const spends = (limits: Limits["Service"], nano_usd: number, claim: Claim = budget) =>
  Effect.flatMap(limits.reserve([claim], now()), ({ settle }) => settle(0, { nano_usd, tokens: 0 }))
/** Until it is refused. */
const spendAll = (limits: Limits["Service"], claim?: Claim) =>
  Effect.gen(function* () {
    let spent = 0
    for (;;) {
      if (Result.isFailure(yield* Effect.result(spends(limits, 10, claim)))) return spent
      spent += 10
    }
  })

it.live("processes spend a budget together, down to its last part", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const [one, other] = yield* Effect.all([process(database), process(database)])
    const both = yield* Effect.all([spendAll(one), spendAll(other)], { concurrency: "unbounded" })
    yield* Effect.sleep("1500 millis")
    const spent = both[0] + both[1] + (yield* spendAll(one))
    // The last call of each process takes what is left, and may use more than that.
    assert.isAtLeast(spent, 1_000)
    assert.isAtMost(spent, 1_020)
    assert.strictEqual(yield* spendAll(other), 0)
  }),
)

it.live("a budget begins with what was spent before limits were shared, once", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const one = yield* process(database, () => 900)
    assert.strictEqual(yield* spendAll(one), 100)
    const other = yield* process(database, () => 500)
    assert.strictEqual(yield* spendAll(other), 0)
  }),
)

it.live("a budget goes on while the database is away, and the database counts it afterwards", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    let known = 0
    const limits = yield* process(database, () => known)
    // As many calls as leave no lease that covers the next.
    const large: Claim = { ...budget, estimate: 500 }
    yield* spends(limits, 300, large)
    known = 300
    yield* Effect.sleep("1500 millis")
    yield* Effect.promise(() => server.stop())
    assert.strictEqual(yield* spendAll(limits, { ...budget, limit: 500 }), 200)
    yield* Effect.promise(() => server.start())
    yield* Effect.sleep("2 seconds")
    const other = yield* process(database)
    assert.strictEqual(yield* spendAll(other), 500)
  }),
)

it.live("while the database is away each process counts by itself", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const limits = yield* process(database)
    const small: Claim = { _tag: "Rate", key: "s", limit: { limit: "2", unit: "DAYS" } }
    yield* Effect.promise(() => server.stop())
    yield* limits.reserve([small], now())
    yield* limits.reserve([small], now())
    assert.isTrue(Result.isFailure(yield* Effect.result(limits.reserve([small], now()))))
    yield* Effect.promise(() => server.start())
  }),
)

it.live("what a process held that is cut off is free again when its lease ends, and what it spends then counts", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const network = yield* Effect.promise(() => BrokenNetwork.start(server.port))
    const build = Layer.build(
      Layer.fresh(PostgresLimits.layer({ ...server.optionsOf(database), port: network.port }, () => 100)),
    )
    const cut = Context.get(yield* build, Limits)
    const other = yield* process(database)
    const claim: Claim = { ...budget, estimate: 300 }
    // 100 are spent before, 300 reserved, and an eighth of the rest is leased.
    const under = yield* cut.reserve([claim], now())
    assert.isAtMost(yield* spendAll(other), 600)
    network.swallow()
    let regained = 0
    const until = performance.now() + 40_000
    while (regained < 300 && performance.now() < until) {
      regained += yield* spendAll(other, { ...budget, limit: 970 })
      yield* Effect.sleep("250 millis")
    }
    // All but 30 is spent now, also what the other process had reserved.
    assert.isAtLeast(regained, 300)
    // A call that began before goes on, and ends: the budget is spent by as much again.
    yield* under.settle(0, { nano_usd: 30, tokens: 0 })
    yield* Effect.promise(() => network.restore())
    yield* Effect.sleep("8 seconds")
    const [row] = yield* Effect.promise(() =>
      server.run("SELECT taken, spent, (SELECT count(*) FROM limit_holders) AS holders FROM limits", database),
    )
    assert.deepInclude(row, { taken: 1_000, spent: 1_000 })
    yield* Effect.promise(() => network[Symbol.asyncDispose]())
  }),
)

it.live("a silent database holds up one call for seconds, and no other", () =>
  Effect.gen(function* () {
    const database = yield* newDatabase
    const network = yield* Effect.promise(() => BrokenNetwork.start(server.port))
    const limits = yield* Effect.map(
      Layer.build(Layer.fresh(PostgresLimits.layer({ ...server.optionsOf(database), port: network.port }))),
      (built) => Context.get(built, Limits),
    )
    network.swallow()
    const began = performance.now()
    const small: Claim = { _tag: "Rate", key: "s", limit: { limit: "20", unit: "DAYS" } }
    const all = yield* Effect.all(
      Array.from({ length: 30 }, () => Effect.isSuccess(limits.reserve([small], now()))),
      { concurrency: "unbounded" },
    )
    assert.strictEqual(all.filter(Boolean).length, 20)
    // A statement may take 30 s.
    assert.isBelow(performance.now() - began, 20_000)
    yield* Effect.promise(() => network[Symbol.asyncDispose]())
  }),
)
