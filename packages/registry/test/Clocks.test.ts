/** A clock that jumps, forward or back, lets nothing through that is used up, and holds nothing up for longer than its own time. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as RateLimiter from "../src/limits/RateLimiter.ts"
import * as TokenBudget from "../src/limits/TokenBudget.ts"

const day = 86_400_000
const noon = Math.floor(1_700_000_000_000 / day) * day + day / 2
/** In ms; nothing where it was taken. */
const waitOf = (taken: Result.Result<unknown, number>) => (Result.isFailure(taken) ? taken.failure : undefined)

const jumps = [-365 * day, -day, -3_600_000, -1, 3_600_000, 365 * day]

describe("a limit of 4 a minute", () => {
  const claim = { _tag: "Rate", key: "m", limit: { limit: "4", unit: "MINUTES" } } as const

  it.each(jumps)("that is used up opens within a minute where the clock jumps by %s ms", (jump) => {
    const limiter = RateLimiter.make()
    for (let times = 0; times < 5; times++) limiter.take(claim, noon)
    assert.isAtMost(waitOf(limiter.take(claim, noon + jump)) ?? 0, 60_000)
    assert.isUndefined(waitOf(limiter.take(claim, noon + jump + 60_000)))
  })

  it("gives no more than its number to a clock that goes back step by step", () => {
    const limiter = RateLimiter.make()
    let through = 0
    for (let n = 0; n < 1_000; n++) if (waitOf(limiter.take(claim, noon - n * 10)) === undefined) through++
    assert.isAtLeast(through, 1)
    assert.isAtMost(through, 4)
  })
})

const spend = (budget: TokenBudget.TokenBudget, now: number) => {
  const taken = budget.take({ _tag: "Tokens", key: "k", perDay: 10, estimate: 10 }, now)
  if (Result.isSuccess(taken)) taken.success.settle(10, { tokens: 10, nano_usd: 0 })
  return waitOf(taken)
}

describe("tokens of a day", () => {
  it.each(jumps)("that are used up are there again within a day where the clock jumps by %s ms", (jump) => {
    const budget = TokenBudget.make()
    assert.isUndefined(spend(budget, noon))
    assert.isAtMost(spend(budget, noon + jump) ?? 0, day)
    assert.isUndefined(spend(budget, noon + jump + 2 * day))
  })

  it("that are used up are not given twice by a clock that goes back over midnight", () => {
    const budget = TokenBudget.make()
    const midnight = Math.floor(noon / day) * day
    assert.isUndefined(spend(budget, midnight + 100))
    for (let times = 0; times < 10; times++) {
      assert.isDefined(spend(budget, midnight - 50))
      assert.isDefined(spend(budget, midnight + 150))
    }
  })
})
