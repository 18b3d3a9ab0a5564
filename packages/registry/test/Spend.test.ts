/** What is recorded of calls, and found again by a server that starts later; prices by name. */
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import * as BudgetWindow from "../src/spend/BudgetWindow.ts"
import * as Prices from "../src/spend/Prices.ts"
import { Usage, type Used } from "../src/spend/Usage.ts"

const used = (change: Partial<Used> = {}): Used => ({
  key: "k1",
  user: "k",
  model: "m",
  input: 10,
  output: 5,
  nanoUsd: 7,
  estimated: false,
  ...change,
})

const day = 86_400_000
const first = Date.UTC(2026, 10, 29, 12)
const claim = (window: BudgetWindow.BudgetWindow, unit: "nano_usd" | "tokens" = "nano_usd") => ({
  key: "k1",
  unit,
  window,
})

describe("usage", () => {
  it.effect("is summed by day, key, user and model, and is there again after a start", () =>
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const started = <A, E>(run: (usage: Usage["Service"]) => Effect.Effect<A, E>) =>
        Effect.scoped(
          Effect.flatMap(Layer.build(Layer.fresh(Usage.layer.pipe(Layer.provide(RecordFeed.layer)))), (context) =>
            run(Context.get(context, Usage)),
          ),
        ).pipe(Effect.provideService(DocumentStore, store))
      yield* TestClock.setTime(first)
      yield* started((usage) =>
        Effect.gen(function* () {
          usage.record(used())
          usage.record(used({ nanoUsd: undefined, estimated: true }))
          usage.record(used({ key: undefined, user: "ada" }))
          yield* TestClock.adjust(day)
          usage.record(used({ model: "other" }))
          const rows = yield* usage.rows({})
          assert.strictEqual(rows.length, 3)
          const [mine] = yield* usage.rows({ key: "k1", model: "m" })
          assert.deepInclude(mine, { day: "2026-11-29", calls: 2, input_tokens: 20, cost_nano_usd: 7 })
          assert.deepInclude(mine, { estimated_calls: 1, unpriced_calls: 1 })
          assert.strictEqual((yield* usage.rows({ user: "ada" })).length, 1)
          assert.strictEqual((yield* usage.rows({ from: "2026-11-30" })).length, 1)
          assert.strictEqual((yield* usage.rows({ to: "2026-11-28" })).length, 0)
        }),
      )
      yield* started((usage) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          assert.deepStrictEqual(
            BudgetWindow.windows.map((window) => usage.spent(claim(window), now)),
            [7, 14, 14],
          )
          assert.strictEqual(usage.spent(claim("total", "tokens"), now), 45)
          assert.strictEqual(usage.spent(claim("day"), now + day), 0)
          usage.record(used())
          // Written when it ends, though no second has gone by.
        }),
      )
      yield* started((usage) =>
        Effect.sync(() => {
          assert.strictEqual(usage.spent(claim("day"), first + day), 14)
          assert.strictEqual(usage.spent(claim("month"), first + 2 * day), 0)
        }),
      )
    }).pipe(Effect.provide(SqliteDocumentStore.layerMemory)),
  )

  it.effect("is written every second", () =>
    Effect.gen(function* () {
      const usage = yield* Usage
      const store = yield* DocumentStore
      usage.record(used())
      assert.strictEqual(yield* store.count("usage"), 0)
      yield* TestClock.adjust(1_000)
      // The write itself takes no time of the clock.
      while ((yield* store.count("usage")) < 2) yield* Effect.yieldNow
    }).pipe(
      Effect.provide(
        Usage.layer.pipe(Layer.provideMerge(RecordFeed.layer), Layer.provideMerge(SqliteDocumentStore.layerMemory)),
      ),
    ),
  )
})

describe("a price", () => {
  const own = { models: { "my-model": { input: 1, output: 2 }, "gpt-4o": { input: 9 } } }
  it.each([
    ["my-model", undefined, { input: 1_000, output: 2_000 }],
    ["my-model", "gpt-4o", { input: 9_000, output: 0 }],
    ["my-model", "gpt-99", { input: 1_000, output: 2_000 }],
    ["m", "gpt-4o", { input: 9_000, output: 0 }],
    ["m", "gpt-4o-mini-2024-07-18", { input: 150, output: 600 }],
    ["m", "claude-3-5-sonnet-20241022", { input: 3_000, output: 15_000 }],
    ["m", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", { input: 3_000, output: 15_000 }],
    ["m", "amazon.titan-embed-text-v2:0", { input: 20, output: 0 }],
    // Bedrock has prices of its own.
    ["m", "cohere.command-r-v1:0", { input: 500, output: 1_500 }],
    ["m", "command-r", { input: 150, output: 600 }],
    // An id that its author chose is not a name of a provider.
    ["gpt-4o-mini", "gpt-4.1", { input: 2_000, output: 8_000 }],
    ["gpt-4o-mini", undefined, undefined],
    ["m", "gpt-99", undefined],
    ["constructor", "constructor", undefined],
    ["m", "x".repeat(100_000), undefined],
  ])("of %s, that is %s", (id, name, expected) => {
    const prices = Prices.make(own)
    assert.deepStrictEqual(prices.of(id, name), expected)
    assert.deepStrictEqual(prices.of(id, name), expected)
  })

  it.each([{}, { models: { a: {} } }, { models: { a: { input: -1 } } }, { currency: "EUR", models: {} }])(
    "is not read from %j",
    (file) => assert.isTrue(Result.isFailure(Prices.read(file))),
  )
})
