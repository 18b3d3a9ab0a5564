/** A clock that jumps, forward or back, lets nothing through that is used up, and holds nothing up for longer than its own time. */
import { assert, describe, it } from "@effect/vitest"
import * as RateLimiter from "../src/RateLimiter.ts"
import * as TokenBudget from "../src/TokenBudget.ts"

const day = 86_400_000
const noon = Math.floor(1_700_000_000_000 / day) * day + day / 2
const jumps = [-365 * day, -day, -3_600_000, -1, 3_600_000, 365 * day]

describe("a limit of 4 a minute", () => {
  const claim = { key: "m", limit: { limit: "4", unit: "MINUTES" } } as const

  it.each(jumps)("that is used up opens within a minute where the clock jumps by %s ms", (jump) => {
    const limiter = RateLimiter.make()
    for (let times = 0; times < 5; times++) limiter.take([claim], noon)
    const refusal = limiter.take([claim], noon + jump)
    assert.isAtMost(refusal?.waitMillis ?? 0, 60_000)
    assert.isUndefined(limiter.take([claim], noon + jump + 60_000))
  })

  it("gives no more than its number to a clock that goes back step by step", () => {
    const limiter = RateLimiter.make()
    let through = 0
    for (let n = 0; n < 1_000; n++) if (limiter.take([claim], noon - n * 10) === undefined) through++
    assert.isAtLeast(through, 1)
    assert.isAtMost(through, 4)
  })
})

describe("tokens of a day", () => {
  it.each(jumps)("that are used up are there again within a day where the clock jumps by %s ms", (jump) => {
    const budget = TokenBudget.make()
    assert.isUndefined(budget.exhausted("k", 10, noon))
    budget.spend("k", 10, noon)
    assert.isAtMost(budget.exhausted("k", 10, noon + jump) ?? 0, day)
    assert.isUndefined(budget.exhausted("k", 10, noon + jump + 2 * day))
  })

  it("that are used up are not given twice by a clock that goes back over midnight", () => {
    const budget = TokenBudget.make()
    const midnight = Math.floor(noon / day) * day
    budget.spend("k", 10, midnight + 100)
    for (let times = 0; times < 10; times++) {
      assert.isDefined(budget.exhausted("k", 10, midnight - 50))
      assert.isDefined(budget.exhausted("k", 10, midnight + 150))
    }
  })
})
