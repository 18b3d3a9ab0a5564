import { assert, describe, it } from "@effect/vitest"
import type { RateLimit } from "@drawbar/registry/models/RateLimit"
import * as RateLimiter from "../src/RateLimiter.ts"

const begun = 1_700_000_000_000

/** What each moment, in ms from the start, is answered: 0 for yes, else the wait in ms. */
const waits = (limit: RateLimit, moments: ReadonlyArray<number>) => {
  const limiter = RateLimiter.make()
  return moments.map((moment) => limiter.take([{ key: "m", limit }], begun + moment)?.waitMillis ?? 0)
}

describe("a limit", () => {
  it.each<[string, RateLimit, ReadonlyArray<number>, ReadonlyArray<number>]>([
    [
      "of 4 a minute",
      { limit: "4", unit: "MINUTES" },
      [0, 0, 0, 0, 0, 14_999, 15_000, 15_000],
      [0, 0, 0, 0, 15_000, 1, 0, 15_000],
    ],
    [
      "that nobody used is whole again",
      { limit: "2", unit: "SECONDS" },
      [0, 0, 5_000, 5_000, 5_000],
      [0, 0, 0, 0, 500],
    ],
    ["of less than one", { limit: "0.5", unit: "HOURS" }, [0, 1], [0, 7_199_999]],
    ["of none", { limit: "0", unit: "DAYS" }, [0, 1e9], [Infinity, Infinity]],
    ["without a unit", { limit: "1" }, [0, 0, 0], [0, 0, 0]],
  ])("%s", (_name, limit, moments, expected) => assert.deepStrictEqual(waits(limit, moments), expected))

  it("lets exactly as many through as it says, over any time", () => {
    const limiter = RateLimiter.make()
    const limit = { limit: "7", unit: "SECONDS" } as const
    let through = 0
    for (let at = 0; at < 60_000; at += 3) if (limiter.take([{ key: "m", limit }], begun + at) === undefined) through++
    assert.isAtLeast(through, 7 + 59 * 7)
    assert.isAtMost(through, 7 + 60 * 7)
  })

  it("that refuses takes nothing from the others", () => {
    const limiter = RateLimiter.make()
    const model = { key: "m", limit: { limit: "3", unit: "DAYS" } } as const
    const user = { key: "m alice", limit: { limit: "1", unit: "DAYS" } } as const
    const taken = [[model, user], [model, user], [model], [model], [model]].map(
      (claims) => limiter.take(claims, begun)?.key ?? "taken",
    )
    assert.deepStrictEqual(taken, ["taken", "m alice", "taken", "taken", "m"])
  })

  it.each<[string, string, ReadonlyArray<number>, ReadonlyArray<number>]>([
    ["as many as it lets through at once", "4", [4, 1], [0, 15_000]],
    ["fewer, then what is left", "4", [3, 1, 1], [0, 0, 15_000]],
    ["more than are left", "4", [3, 3], [0, 30_000]],
    ["more than it ever lets through at once", "4", [5, 4], [Infinity, 0]],
    ["several of a limit below one", "0.5", [2, 1], [Infinity, 0]],
  ])("counts each call of one request: %s", (_, limit, calls, expected) => {
    const limiter = RateLimiter.make()
    const claims = [{ key: "m", limit: { limit, unit: "MINUTES" as const } }]
    assert.deepStrictEqual(
      calls.map((count) => limiter.take(claims, begun, count)?.waitMillis ?? 0),
      expected,
    )
  })

  it("lets the same number through one by one and several at once, over any time", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const limiter = RateLimiter.make()
      const limit = { limit: "9", unit: "SECONDS" } as const
      let through = 0
      let chance = seed
      for (let at = 0; at < 60_000; at += 7) {
        chance = (chance * 48_271) % 2_147_483_647
        const calls = 1 + (chance % 9)
        if (limiter.take([{ key: "m", limit }], begun + at, calls) === undefined) through += calls
      }
      assert.isAtMost(through, 9 + 60 * 9, `seed ${seed}`)
      assert.isAtLeast(through, 9 + 59 * 9 - 9, `seed ${seed}`)
    }
  })

  it("that was changed begins anew", () => {
    const limiter = RateLimiter.make()
    const take = (limit: string) => limiter.take([{ key: "m", limit: { limit, unit: "DAYS" } }], begun) === undefined
    assert.deepStrictEqual([take("1"), take("1"), take("2"), take("2"), take("2")], [true, false, true, true, false])
  })
})
