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
      const [memory, other] = [overload.memory(), overload.memory()]
      assert.isUndefined(overload.refusal(other, 600))
      memory.hold(600)
      assert.isUndefined(overload.refusal(other, 400))
      assert.strictEqual(overload.refusal(other, 401)?.reason._tag, "Overloaded")
      memory.release()
      assert.isUndefined(overload.refusal(other, 401))
      assert.deepStrictEqual(overload.refusals, { bytes: 1, work: 0 })
    }),
  )

  it.effect("counts bodies without a Content-Length while they grow", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const [first, second] = [overload.memory(), overload.memory()]
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
      const memory = overload.memory()
      const grown = (bytes: number, isReserved: boolean) => overload.grown(overload.memory(isReserved), bytes)
      memory.hold(990)
      assert.strictEqual(grown(50, false)?.reason._tag, "Overloaded")
      assert.strictEqual(grown(200, true)?.reason._tag, "Overloaded")
      assert.isUndefined(grown(50, true))
      const [other, operator] = [overload.memory(), overload.memory(true)]
      other.hold(5)
      assert.strictEqual(overload.grown(other, 50)?.reason._tag, "Overloaded")
      assert.isUndefined(overload.grown(operator, 50))
      assert.strictEqual(overload.load.bytes, 1_095)
    }),
  )

  it.effect("is never one body alone", () =>
    Effect.gen(function* () {
      const overload = yield* made
      const memory = overload.memory()
      assert.isUndefined(overload.refusal(memory, 5_000))
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

  it.effect("counts responses of all routes until they are read, and refuses large ones beyond it", () =>
    Effect.gen(function* () {
      const overload = yield* LoadShedding.make({ now: () => 0, used: () => 0, behind: () => 0 }, 200_000)
      const [first, other, operator] = [overload.memory(), overload.memory(), overload.memory(true)]
      assert.isUndefined(overload.kept(first, 150_000))
      assert.strictEqual(overload.kept(other, 70_000)?.reason._tag, "Overloaded")
      assert.strictEqual(overload.refusal(other, 60_000)?.reason._tag, "Overloaded")
      assert.isUndefined(overload.kept(operator, 66_000))
      // An operator has to see what is wrong.
      assert.isUndefined(overload.kept(other, 60_000))
      assert.strictEqual(overload.load.bytes, 276_000)
    }),
  )

  it.effect("is found out by responses of upstreams while they come, though never by one alone", () =>
    Effect.gen(function* () {
      const { load } = yield* made
      const [first, second] = [new HeldMemory(load), new HeldMemory(load)]
      for (let n = 0; n < 3; n++) assert.isTrue(first.tryHold(600))
      assert.isFalse(second.tryHold(1))
      first.release()
      assert.isTrue(second.tryHold(1))
      assert.strictEqual(load.bytes, 1)
    }),
  )

  it.each([
    ["a container of 512 MB", 512_000_000, 4_000_000_000, 128_000_000],
    ["a small heap", 0, 100_000_000, 50_000_000],
  ] as const)("begins early in %s", (_, constrained, heap, bytes) => {
    assert.strictEqual(LoadShedding.maxHeldBytes(constrained, heap), bytes)
  })
})
