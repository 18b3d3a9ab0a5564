/** Isolation of an upstream that is down from other upstreams. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import { BodyIncomplete, ConnectFailed, EgressError, PoolExhausted } from "../src/EgressError.ts"
import * as RetryBudget from "../src/RetryBudget.ts"

const origin = "https://models.example"
const down = Effect.fail(EgressError.from(new ConnectFailed({ origin, code: "ECONNREFUSED" })))
const busy = Effect.fail(EgressError.from(new PoolExhausted({ origin, maxConnections: 1 })))
const broken = Effect.fail(EgressError.from(new BodyIncomplete({ origin, status: 200, received: 1 })))

const tagOf = (result: Result.Result<unknown, EgressError>) =>
  Result.isSuccess(result) ? "answered" : result.failure.reason._tag

const ask = (breaker: CircuitBreaker.CircuitBreaker, call: Effect.Effect<string, EgressError>) =>
  Effect.map(Effect.result(breaker.through(call)), tagOf)

describe("circuit breaker", () => {
  const opened = Effect.gen(function* () {
    const breaker = CircuitBreaker.make(origin)
    for (let n = 0; n < 20; n++) assert.strictEqual(yield* ask(breaker, down), "ConnectFailed")
    return breaker
  })

  it.effect("opens after 20 consecutive requests without a response, and reports when it will probe", () =>
    Effect.gen(function* () {
      const breaker = yield* opened
      const { reason } = yield* Effect.flip(breaker.through(Effect.die("it was sent")))
      assert.deepInclude({ ...reason }, { _tag: "CircuitOpen", failures: 20, retryAfterMillis: 5_000 })
    }),
  )

  it.effect("stays open no longer than its pause after the clock is set back", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(86_400_000)
      const breaker = yield* opened
      yield* TestClock.setTime(1_000)
      const { reason } = yield* Effect.flip(breaker.through(Effect.die("it was sent")))
      assert.deepInclude({ ...reason }, { _tag: "CircuitOpen", retryAfterMillis: 5_000 })
      yield* TestClock.setTime(6_000)
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
    }),
  )

  it.effect("lets one probe through after its pause, and closes on success", () =>
    Effect.gen(function* () {
      const breaker = yield* opened
      yield* TestClock.adjust(5_000)
      assert.strictEqual(yield* ask(breaker, down), "ConnectFailed")
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "CircuitOpen")
      yield* TestClock.adjust(5_000)
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
      assert.strictEqual(yield* ask(breaker, down), "ConnectFailed")
    }),
  )

  it.effect("stays closed while some requests get a response, even an incomplete one", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.make(origin)
      for (let n = 0; n < 100; n++) assert.strictEqual(yield* ask(breaker, broken), "BodyIncomplete")
      for (let n = 0; n < 100; n++) {
        const call = n % 10 === 9 ? Effect.succeed("there") : down
        assert.notStrictEqual(yield* ask(breaker, call), "CircuitOpen")
      }
    }),
  )

  it.effect("lets the next request probe after an interrupted probe", () =>
    Effect.gen(function* () {
      const breaker = yield* opened
      yield* TestClock.adjust(5_000)
      yield* Effect.exit(breaker.through(Effect.interrupt))
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
    }),
  )

  it.effect("opens even though a busy pool rejects some requests in between", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.make(origin)
      for (let n = 0; n < 20; n++) {
        yield* ask(breaker, down)
        yield* ask(breaker, busy)
      }
      assert.isTrue(breaker.isOpen())
    }),
  )

  it.effect("is neither extended nor reopened by a request that began before it opened and fails later", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.make(origin)
      const slowly = Effect.andThen(Effect.sleep(12_000), down)
      const late = yield* Effect.forEach(Array.from({ length: 30 }), () =>
        Effect.forkChild(ask(breaker, slowly), { startImmediately: true }),
      )
      for (let n = 0; n < 20; n++) yield* ask(breaker, down)
      yield* TestClock.adjust(5_000)
      const trial = yield* Effect.forkChild(ask(breaker, Effect.as(Effect.sleep(8_000), "there")), {
        startImmediately: true,
      })
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "CircuitOpen")
      yield* TestClock.adjust(6_000)
      for (const fiber of late) assert.strictEqual(yield* Fiber.join(fiber), "ConnectFailed")
      // A slow probe blocks other requests no longer than one pause.
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
      assert.isFalse(breaker.isOpen())
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* Fiber.join(trial), "answered")
    }),
  )
})

describe("retry budget", () => {
  it("allows one retry for every five calls plus ten per second, in total", () => {
    const budget = RetryBudget.make()
    let sent = 0
    const calls = 10_000
    const millis = 20_000
    for (let n = 0; n < calls; n++) {
      budget.earn()
      const now = 1_000_000 + (n * millis) / calls
      for (let again = 0; again < 3; again++) if (budget.spend(now)) sent += 1
    }
    assert.isAtMost(sent, calls * 0.2 + (millis / 1_000) * 10 + 10)
    assert.isAtLeast(sent, calls * 0.2)
  })

  it("grants each second's share only once, even if calls report their times out of order", () => {
    const budget = RetryBudget.make()
    let sent = 0
    for (let n = 0; n < 10_000; n++) if (budget.spend(1_000_000 + n + (n % 2 === 0 ? 50 : 0))) sent += 1
    assert.isAtMost(sent, 10 + 10_050 / 100)
  })
})
