/** When a predict is more than can be borne. */
import * as Journey from "@drawbar/connector-runtime/Journey"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Overload from "../src/Overload.ts"

const most = 1_000
const made = Overload.make({ now: () => 0, used: () => 0, behind: () => 0 }, most)

describe("an overload", () => {
  it.effect("is as many bytes as bodies may hold together, and counts whom it refuses", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const journey = Journey.make(undefined, overload.load)
      assert.isUndefined(overload.refusal(600))
      Journey.hold(journey, 600)
      assert.isUndefined(overload.refusal(400))
      assert.strictEqual(overload.refusal(401)?.reason._tag, "Overloaded")
      Journey.release(journey)
      assert.isUndefined(overload.refusal(401))
      assert.deepStrictEqual(overload.refusals, { bytes: 1, work: 0 })
    }),
  )

  it.effect("is found out by bodies that nobody announced, while they grow", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const [first, second] = [Journey.make(undefined, overload.load), Journey.make(undefined, overload.load)]
      assert.isUndefined(overload.grown(first, 500))
      assert.isUndefined(overload.grown(second, 500))
      assert.strictEqual(overload.grown(first, 1)?.reason._tag, "Overloaded")
      Journey.release(second)
      assert.isUndefined(overload.grown(first, 1))
    }),
  )

  it.effect("is never one body alone", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const journey = Journey.make(undefined, overload.load)
      assert.isUndefined(overload.refusal(5_000))
      for (let n = 0; n < 10; n++) assert.isUndefined(overload.grown(journey, 500))
    }),
  )

  it.effect("weighs nothing of what comes after the end", () =>
    Effect.gen(function* () {
      const { load } = yield* made
      const journey = Journey.make(undefined, load)
      Journey.hold(journey, 10)
      Journey.release(journey)
      Journey.hold(journey, 10)
      assert.strictEqual(load.bytes, 0)
    }),
  )

  it.each([
    ["a container of 512 MB", 512_000_000, 4_000_000_000, 128_000_000],
    ["a small heap", 0, 100_000_000, 50_000_000],
  ] as const)("begins early in %s", (_, constrained, heap, bytes) => {
    assert.strictEqual(Overload.mostBytes(constrained, heap), bytes)
  })
})
