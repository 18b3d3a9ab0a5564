import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { RateLimit } from "../src/models/RateLimit.ts"
import * as RateLimiter from "../src/limits/RateLimiter.ts"

const begun = 1_700_000_000_000

/** What each moment, in ms from the start, is answered: 0 for yes, else the wait in ms. */
const waits = (limit: RateLimit, moments: ReadonlyArray<number>) => {
  const limiter = RateLimiter.make()
  return moments.map((moment) =>
    Result.match(limiter.take({ _tag: "Rate", key: "m", limit }, begun + moment), {
      onSuccess: () => 0,
      onFailure: (waitMillis) => waitMillis,
    }),
  )
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
      "that was not used refills completely",
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
    for (let at = 0; at < 60_000; at += 3)
      if (Result.isSuccess(limiter.take({ _tag: "Rate", key: "m", limit }, begun + at))) through++
    assert.isAtLeast(through, 7 + 59 * 7)
    assert.isAtMost(through, 7 + 60 * 7)
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
        if (Result.isSuccess(limiter.take({ _tag: "Rate", key: "m", limit, calls }, begun + at))) through += calls
      }
      assert.isAtMost(through, 9 + 60 * 9, `seed ${seed}`)
      assert.isAtLeast(through, 9 + 59 * 9 - 9, `seed ${seed}`)
    }
  })

  it("that was changed begins again", () => {
    const limiter = RateLimiter.make()
    const take = (limit: string) =>
      Result.isSuccess(limiter.take({ _tag: "Rate", key: "m", limit: { limit, unit: "DAYS" } }, begun))
    assert.deepStrictEqual([take("1"), take("1"), take("2"), take("2"), take("2")], [true, false, true, true, false])
  })
})
