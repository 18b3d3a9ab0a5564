/** What keeps a platform that is down from taking others down with it. */
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

describe("a circuit breaker", () => {
  const opened = Effect.gen(function* () {
    const breaker = CircuitBreaker.make(origin)
    for (let n = 0; n < 20; n++) assert.strictEqual(yield* ask(breaker, down), "ConnectFailed")
    return breaker
  })

  it.effect("opens after 20 requests in a row without an answer, and says when it looks again", () =>
    Effect.gen(function* () {
      const breaker = yield* opened
      const { reason } = yield* Effect.flip(breaker.through(Effect.die("it was sent")))
      assert.deepInclude({ ...reason }, { _tag: "CircuitOpen", failures: 20, retryAfterMillis: 5_000 })
    }),
  )

  it.effect("stays open for no longer than its pause where the clock is set back", () =>
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

  it.effect("lets one through after its pause, and closes if that is answered", () =>
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

  it.effect("does not open while some are answered, nor by answers that broke", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.make(origin)
      for (let n = 0; n < 100; n++) assert.strictEqual(yield* ask(breaker, broken), "BodyIncomplete")
      for (let n = 0; n < 100; n++) {
        const call = n % 10 === 9 ? Effect.succeed("there") : down
        assert.notStrictEqual(yield* ask(breaker, call), "CircuitOpen")
      }
    }),
  )

  it.effect("learns nothing from who went away, and stays to be tried", () =>
    Effect.gen(function* () {
      const breaker = yield* opened
      yield* TestClock.adjust(5_000)
      yield* Effect.exit(breaker.through(Effect.interrupt))
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
    }),
  )

  it.effect("opens though a busy pool turns some away meanwhile", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.make(origin)
      for (let n = 0; n < 20; n++) {
        yield* ask(breaker, down)
        yield* ask(breaker, busy)
      }
      assert.isTrue(breaker.isOpen())
    }),
  )

  it.effect("is not kept open, nor opened again, by what began before it opened and fails late", () =>
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
      // A trial that is slow keeps nobody away for longer than a pause.
      assert.strictEqual(yield* ask(breaker, Effect.succeed("there")), "answered")
      assert.isFalse(breaker.isOpen())
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* Fiber.join(trial), "answered")
    }),
  )
})

describe("a retry budget", () => {
  it("gives one attempt for five calls and ten a second, however many ask", () => {
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

  it("gives a second's share once, in whatever order calls are told the time", () => {
    const budget = RetryBudget.make()
    let sent = 0
    for (let n = 0; n < 10_000; n++) if (budget.spend(1_000_000 + n + (n % 2 === 0 ? 50 : 0))) sent += 1
    assert.isAtMost(sent, 10 + 10_050 / 100)
  })
})
