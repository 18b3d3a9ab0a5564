import { assert, describe, it } from "vitest"
import { BoundedMap, ownCopy } from "../src/BoundedMap.ts"

/** A generator of numbers below 1 that a seed repeats: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe("a bounded map", () => {
  const seed = Date.now() % 1_000_000
  it(`holds no more entries and bytes than its bounds, whatever is written (seed ${seed})`, () => {
    const chance = random(seed)
    for (let round = 0; round < 50; round++) {
      const bounds = { entries: 1 + Math.floor(chance() * 50), bytes: Math.floor(chance() * 50_000) }
      const map = new BoundedMap<string>(bounds, (value) => value.length)
      const written = new Map<string, string>()
      for (let step = 0; step < 300; step++) {
        const key = "k".repeat(Math.floor(chance() ** 4 * 5_000)) + Math.floor(chance() * 80)
        const value = "v".repeat(Math.floor(chance() ** 4 * 20_000))
        const act = chance()
        if (act < 0.7) {
          written.set(key, value)
          map.set(key, value)
        } else if (act < 0.8) map.touch(key, written.get(key) ?? value)
        else map.delete(key)
        if (act >= 0.7 && act < 0.8 && !written.has(key)) written.set(key, value)
        const entries = [...map]
        assert.isAtMost(map.size, bounds.entries)
        assert.isAtMost(map.bytes, bounds.bytes)
        assert.strictEqual(entries.length, map.size)
        assert.isAtMost(
          entries.reduce((sum, [name, held]) => sum + 2 * name.length + held.length, 0),
          bounds.bytes,
        )
        for (const [name, held] of entries) assert.strictEqual(written.get(name), held)
      }
    }
  })

  it("drops what was written longest ago, and keeps what was touched", () => {
    const map = new BoundedMap<number>({ entries: 2, bytes: 10_000 })
    map.set("a", 1).set("b", 2)
    map.touch("a", 1)
    map.set("c", 3)
    assert.deepStrictEqual(
      [...map].map(([key]) => key),
      ["a", "c"],
    )
  })

  it("does not keep a value that is larger than all of its bound, nor drop the others for it", () => {
    const map = new BoundedMap<number>({ entries: 10, bytes: 1_000 })
    map.set("a", 1).set("b".repeat(1_000), 2)
    assert.deepStrictEqual([...map], [["a", 1]])
  })

  it("copies any text to the same text", () => {
    for (const text of ["", "plain", "é🙂", "\ud800 alone", "x".repeat(100_000)])
      assert.strictEqual(ownCopy(text), text)
  })
})
