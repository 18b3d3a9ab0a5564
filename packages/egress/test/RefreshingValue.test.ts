import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as RefreshingValue from "../src/RefreshingValue.ts"

/** A value that is valid for an hour and takes a second to fetch; fetching fails while `down` is set. */
const clocked = Effect.gen(function* () {
  const state = { fetches: 0, down: false }
  const get = yield* RefreshingValue.make((now) =>
    Effect.gen(function* () {
      state.fetches++
      const value = state.fetches
      yield* Effect.sleep("1 second")
      return state.down ? yield* Effect.fail("down") : { value, expires: now + 3_600_000 }
    }),
  )
  const ask = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.exit(get), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    const exit = yield* Fiber.join(fiber)
    return Exit.isSuccess(exit) ? exit.value : "down"
  })
  return { state, get, ask }
})

describe("a value that expires", () => {
  it.effect("is refreshed five minutes before it expires", () =>
    Effect.gen(function* () {
      const { ask } = yield* clocked
      const seen: Array<unknown> = [yield* ask]
      for (const pause of ["54 minutes", "50 seconds", "10 seconds"] as const) {
        yield* TestClock.adjust(pause)
        seen.push(yield* ask)
      }
      assert.deepStrictEqual(seen, [1, 1, 1, 2])
    }),
  )

  it.effect("stays in use while it is valid if a refresh fails, with a pause between attempts", () =>
    Effect.gen(function* () {
      const { ask, state } = yield* clocked
      yield* ask
      yield* TestClock.adjust("56 minutes")
      state.down = true
      assert.deepStrictEqual([yield* ask, yield* ask, state.fetches], [1, 1, 2])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([yield* ask, state.fetches], [1, 3])
      yield* TestClock.adjust("4 minutes")
      assert.deepStrictEqual(yield* ask, "down")
      state.down = false
      assert.deepStrictEqual([yield* ask, state.fetches], [5, 5])
    }),
  )

  it.effect("is fetched once for all concurrent callers, even if some are interrupted", () =>
    Effect.gen(function* () {
      const { get, state } = yield* clocked
      for (const down of [true, false]) {
        state.down = down
        const before = yield* Clock.currentTimeMillis
        const asking = Effect.forEach(Array(20).keys(), () => Effect.exit(get), { concurrency: "unbounded" })
        const fiber = yield* Effect.forkChild(asking, { startImmediately: true })
        yield* TestClock.adjust("1 second")
        const exits = yield* Fiber.join(fiber)
        assert.deepStrictEqual(new Set(exits.map((exit) => Exit.isSuccess(exit))), new Set([!down]))
        assert.strictEqual((yield* Clock.currentTimeMillis) - before, 1_000)
      }
      assert.strictEqual(state.fetches, 2)
    }),
  )
})
