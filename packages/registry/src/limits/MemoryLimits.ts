/** Limits of one process, in its memory: exact there. Rates and daily quotas are whole again when it starts, budgets are not. */
import { Effect, Layer, Result } from "effect"
import { type Claim, LimitReached, Limits, type Reservation } from "./Limits.ts"
import * as LoginThrottle from "./LoginThrottle.ts"
import type { Moment } from "./Moment.ts"
import * as RateLimiter from "./RateLimiter.ts"
import { Usage } from "../spend/Usage.ts"
import type { Taken } from "./Taken.ts"
import * as TokenBudget from "./TokenBudget.ts"
import * as WindowBudget from "./WindowBudget.ts"

/** `spentBefore`: what the budgets begin with; nothing where it is absent. */
export const make = (spentBefore: WindowBudget.SpentBefore = () => 0): Limits["Service"] => {
  const budgets = WindowBudget.make(spentBefore)
  const rates = RateLimiter.make()
  const tokens = TokenBudget.make()
  const logins = LoginThrottle.make()

  const take = (claim: Claim, now: Moment): Result.Result<Taken, number> => {
    switch (claim._tag) {
      case "Rate":
        return rates.take(claim, now.monotonicMs)
      case "Tokens":
        return tokens.take(claim, now.epochMs)
      case "Budget":
        return budgets.take(claim, now.epochMs)
    }
  }

  // Without a turn of the event loop between the first claim and the last.
  const takeAll = (claims: ReadonlyArray<Claim>, now: Moment): Result.Result<ReadonlyArray<Taken>, LimitReached> => {
    const all: Array<Taken> = []
    for (const [index, claim] of claims.entries()) {
      const taken = take(claim, now)
      if (Result.isFailure(taken)) {
        for (const { release } of all.toReversed()) release()
        return Result.fail(new LimitReached({ claim: index, waitMillis: taken.failure }))
      }
      all.push(taken.success)
    }
    return Result.succeed(all)
  }

  return {
    reserve: (claims, now) => Effect.suspend(() => Effect.fromResult(Result.map(takeAll(claims, now), reservationOf))),
    logins: {
      wait: (name, { monotonicMs }) => Effect.sync(() => logins.wait(name, monotonicMs)),
      failed: (name, { monotonicMs }) => Effect.sync(() => logins.wrong(name, monotonicMs)),
      succeeded: (name) => Effect.sync(() => logins.right(name)),
    },
  }
}

const nothing = { nano_usd: 0, tokens: 0 }

const reservationOf = (taken: ReadonlyArray<Taken>): Reservation => {
  let isOpen = true
  const once = (end: (one: Taken) => void) =>
    Effect.sync(() => {
      if (!isOpen) return
      isOpen = false
      for (const one of taken) end(one)
    })
  return {
    settle: (tokens, spent = nothing) => once(({ settle }) => settle(tokens, spent)),
    release: once(({ release }) => release()),
  }
}

export const layer = Layer.sync(Limits, () => make())

/** With budgets that go on after a restart where they were. */
export const layerWithUsage = Layer.effect(
  Limits,
  Effect.map(Usage, ({ spent }) => make(spent)),
)
