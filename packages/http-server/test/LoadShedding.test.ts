/** When a predict is more than can be borne. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HeldMemory } from "../src/admission/HeldMemory.ts"
import * as LoadShedding from "../src/admission/LoadShedding.ts"

const most = 1_000
const made = LoadShedding.make({ now: () => 0, used: () => 0, behind: () => 0 }, most)

describe("an overload", () => {
  it.effect("is as many bytes as bodies may hold together, and counts whom it refuses", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const memory = new HeldMemory(overload.load)
      assert.isUndefined(overload.refusal(600))
      memory.hold(600)
      assert.isUndefined(overload.refusal(400))
      assert.strictEqual(overload.refusal(401)?.reason._tag, "Overloaded")
      memory.release()
      assert.isUndefined(overload.refusal(401))
      assert.deepStrictEqual(overload.refusals, { bytes: 1, work: 0 })
    }),
  )

  it.effect("is found out by bodies that nobody announced, while they grow", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const [first, second] = [new HeldMemory(overload.load), new HeldMemory(overload.load)]
      assert.isUndefined(overload.grown(first, 500))
      assert.isUndefined(overload.grown(second, 500))
      assert.strictEqual(overload.grown(first, 1)?.reason._tag, "Overloaded")
      second.release()
      assert.isUndefined(overload.grown(first, 1))
    }),
  )

  it.effect("keeps a part for the bodies of operators, and none for what has no body", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const [memory, other] = [new HeldMemory(overload.load), new HeldMemory(overload.load)]
      memory.hold(990)
      assert.strictEqual(overload.bodyRefusal(50, false)?.reason._tag, "Overloaded")
      assert.isUndefined(overload.bodyRefusal(50, true))
      assert.strictEqual(overload.bodyRefusal(200, true)?.reason._tag, "Overloaded")
      other.hold(5)
      assert.strictEqual(overload.grown(other, 50)?.reason._tag, "Overloaded")
      assert.isUndefined(overload.grown(other, 50, true))
      memory.release()
      assert.isUndefined(overload.bodyRefusal(900, false))
    }),
  )

  it.effect("is never one body alone", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const memory = new HeldMemory(overload.load)
      assert.isUndefined(overload.refusal(5_000))
      for (let n = 0; n < 10; n++) assert.isUndefined(overload.grown(memory, 500))
    }),
  )

  it.effect("weighs nothing of what comes after the end", () =>
    Effect.gen(function* () {
      const { load } = yield* made
      const memory = new HeldMemory(load)
      memory.hold(10)
      memory.release()
      memory.hold(10)
      assert.strictEqual(load.bytes, 0)
    }),
  )

  it.each([
    ["a container of 512 MB", 512_000_000, 4_000_000_000, 128_000_000],
    ["a small heap", 0, 100_000_000, 50_000_000],
  ] as const)("begins early in %s", (_, constrained, heap, bytes) => {
    assert.strictEqual(LoadShedding.maxHeldBytes(constrained, heap), bytes)
  })
})
