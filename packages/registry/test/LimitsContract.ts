/** What holds for every layer of `Limits`, wherever it keeps its counts. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Result } from "effect"
import { type BudgetClaim, type Claim, Limits, type Reservation } from "../src/limits/Limits.ts"
import type { Moment } from "../src/limits/Moment.ts"
import type { RateLimit } from "../src/models/RateLimit.ts"

const day = 86_400_000
const noon = Math.floor(1_700_000_000_000 / day) * day + day / 2
const at = (millis = 0): Moment => ({ monotonicMs: 1_000_000 + millis, epochMs: noon + millis })

const rate = (key: string, limit: string, unit: RateLimit["unit"] = "DAYS", calls?: number): Claim => ({
  _tag: "Rate",
  key,
  limit: unit === undefined ? { limit } : { limit, unit },
  ...(calls === undefined ? {} : { calls }),
})
const tokens = (perDay: number, estimate: number, key = "k"): Claim => ({ _tag: "Tokens", key, perDay, estimate })

const budget = (limit: number, estimate: number, key = "k", window: BudgetClaim["window"] = "total"): BudgetClaim => ({
  _tag: "Budget",
  key,
  unit: "nano_usd",
  window,
  limit,
  estimate,
})

const calls = (count: number) => [rate("m", "60", "MINUTES", count)]

const settle = (reservation: Reservation, used: number) => reservation.settle(used, { tokens: used, nano_usd: used })

/** Which claim is refused, or `undefined` where none is. */
const refused = (limits: Limits["Service"], claims: ReadonlyArray<Claim>, millis = 0) =>
  Effect.map(Effect.result(limits.reserve(claims, at(millis))), (result) =>
    Result.isFailure(result) && result.failure._tag === "LimitReached" ? result.failure.claim : undefined,
  )
const wait = (limits: Limits["Service"], claims: ReadonlyArray<Claim>, millis = 0) =>
  Effect.map(Effect.flip(limits.reserve(claims, at(millis))), (failure) =>
    failure._tag === "LimitReached" ? failure.waitMillis : assert.fail(failure.message),
  )

/** Each test builds the layer again and expects that nothing is used of any limit. */
export const limitsContract = (name: string, layer: Layer.Layer<Limits, unknown>) => {
  const holds = (sentence: string, test: (limits: Limits["Service"]) => Effect.Effect<void, unknown>) =>
    it.effect(sentence, () => Effect.provide(Effect.flatMap(Limits, test), layer))

  describe(`limits of ${name}`, () => {
    holds("reserve nothing for no claims", (limits) =>
      Effect.gen(function* () {
        const reservation = yield* limits.reserve([], at())
        yield* reservation.settle(5)
      }),
    )

    holds("let as many through as they say and name the wait", (limits) =>
      Effect.gen(function* () {
        for (let n = 0; n < 4; n++) yield* limits.reserve([rate("m", "4", "MINUTES")], at())
        assert.strictEqual(yield* wait(limits, [rate("m", "4", "MINUTES")]), 15_000)
        yield* limits.reserve([rate("m", "4", "MINUTES")], at(15_000))
        assert.strictEqual(yield* wait(limits, [rate("none", "0")]), Infinity)
      }),
    )

    holds("take from every limit or from none, in any order of claims", (limits) =>
      Effect.gen(function* () {
        const [model, user, quota] = [rate("m", "3"), rate("m alice", "1"), tokens(100, 40)]
        const orders = [
          [model, user, quota],
          [quota, user, model],
          [user, quota, model],
        ]
        yield* limits.reserve(orders[0] ?? [], at())
        for (const order of orders)
          for (let n = 0; n < 10; n++) assert.strictEqual(yield* refused(limits, order), order.indexOf(user))
        // Two of the model and 60 tokens are left, whatever was refused.
        yield* limits.reserve([model, tokens(100, 30)], at())
        yield* limits.reserve([model, tokens(100, 30)], at())
        assert.strictEqual(yield* refused(limits, [model]), 0)
        assert.strictEqual(yield* refused(limits, [tokens(100, 1)]), 0)
      }),
    )

    holds("count a claim of many calls as so many, and never let one through that is larger than the limit", (limits) =>
      Effect.gen(function* () {
        yield* limits.reserve(calls(50), at())
        assert.strictEqual(yield* wait(limits, calls(20)), 10_000)
        yield* limits.reserve(calls(10), at())
        assert.strictEqual(yield* wait(limits, calls(1)), 1_000)
        assert.strictEqual(yield* wait(limits, calls(61), 1_000_000), Infinity)
        yield* limits.reserve(calls(60), at(1_000_000))
      }),
    )

    holds("give a rate limit back when the call is not made, and not when it is", (limits) =>
      Effect.gen(function* () {
        const first = yield* limits.reserve([rate("m", "1")], at())
        assert.strictEqual(yield* refused(limits, [rate("m", "1")]), 0)
        yield* first.release
        const second = yield* limits.reserve([rate("m", "1")], at())
        yield* second.settle(0)
        assert.strictEqual(yield* refused(limits, [rate("m", "1")]), 0)
      }),
    )

    holds("correct the tokens of a call by what it has used", (limits) =>
      Effect.gen(function* () {
        const first = yield* limits.reserve([tokens(100, 60)], at())
        const second = yield* limits.reserve([tokens(100, 60)], at())
        assert.strictEqual(yield* wait(limits, [tokens(100, 1)]), 1_000)
        yield* first.settle(10)
        // 10 are spent and 40 reserved: 50 are left.
        const third = yield* limits.reserve([tokens(100, 50)], at())
        assert.strictEqual(yield* refused(limits, [tokens(100, 1)]), 0)
        yield* third.release
        yield* second.settle(90)
        assert.isAtMost(yield* wait(limits, [tokens(100, 1)]), day / 2)
        assert.isAbove(yield* wait(limits, [tokens(100, 1)]), 1_000)
        yield* limits.reserve([tokens(100, 1)], at(day))
      }),
    )

    holds("let a budget's last part through once, and correct it by what a call has cost", (limits) =>
      Effect.gen(function* () {
        const all = yield* Effect.forEach(Array.from({ length: 64 }), () =>
          Effect.result(limits.reserve([budget(100, 30)], at())),
        )
        const [first, ...others] = all.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []))
        // 30, 30, 30 and the last 10.
        assert.strictEqual(others.length, 3)
        assert.strictEqual(yield* wait(limits, [budget(100, 1)]), 1_000)
        yield* first?.settle(0, { nano_usd: 5, tokens: 0 }) ?? Effect.void
        assert.strictEqual(yield* refused(limits, [budget(100, 1)]), undefined)
        for (const one of others) yield* one.settle(0, { nano_usd: 40, tokens: 0 })
        assert.strictEqual(yield* wait(limits, [budget(100, 1)]), Infinity)
        assert.strictEqual(yield* refused(limits, [budget(100, 1, "other")]), undefined)
      }),
    )

    holds("begin a budget again with the next day or month, and count tokens apart from money", (limits) =>
      Effect.gen(function* () {
        for (const [window, next] of [
          ["day", day],
          ["month", 31 * day],
        ] as const) {
          const reservation = yield* limits.reserve([budget(10, 10, window, window)], at())
          yield* reservation.settle(0, { nano_usd: 10, tokens: 0 })
          const millis = yield* wait(limits, [budget(10, 1, window, window)])
          assert.isTrue(millis > 0 && millis <= next)
          assert.strictEqual(yield* refused(limits, [budget(10, 1, window, window)], millis), undefined)
          const ofTokens: Claim = { ...budget(10, 1, window, window), unit: "tokens" }
          assert.strictEqual(yield* refused(limits, [ofTokens]), undefined)
        }
      }),
    )

    holds("end a reservation once, however often that is asked", (limits) =>
      Effect.gen(function* () {
        const reservation = yield* limits.reserve([tokens(100, 60), rate("m", "2")], at())
        yield* reservation.settle(50)
        yield* reservation.settle(50)
        yield* reservation.release
        const rest = yield* limits.reserve([tokens(100, 50), rate("m", "2")], at())
        assert.strictEqual(yield* refused(limits, [tokens(100, 1)]), 0)
        assert.strictEqual(yield* refused(limits, [rate("m", "2")]), 0)
        yield* rest.release
        yield* rest.release
        yield* limits.reserve([tokens(100, 50), rate("m", "2")], at())
        assert.strictEqual(yield* refused(limits, [rate("m", "2")]), 0)
      }),
    )

    holds("count a call that ends after midnight for the day on which it began", (limits) =>
      Effect.gen(function* () {
        const before = yield* limits.reserve([tokens(100, 100)], at())
        const after = yield* limits.reserve([tokens(100, 100)], at(day))
        yield* before.settle(100)
        yield* after.settle(99)
        yield* limits.reserve([tokens(100, 1)], at(day))
      }),
    )

    holds("keep keys apart", (limits) =>
      Effect.gen(function* () {
        yield* limits.reserve([tokens(10, 10, "a"), rate("a", "1")], at())
        yield* limits.reserve([tokens(10, 10, "b"), rate("b", "1")], at())
      }),
    )

    it.effect.each([1, 7, 100, 1_000])("keep 100 calls at once of %s tokens each within 100 tokens a day", (estimate) =>
      Effect.gen(function* () {
        const limits = yield* Limits
        let spent = 0
        const call = Effect.gen(function* () {
          const reservation = yield* limits.reserve([tokens(100, estimate), rate("r", "90")], at())
          yield* Effect.yieldNow
          spent += Math.min(estimate, 100)
          yield* reservation.settle(Math.min(estimate, 100))
        })
        const calls = Array.from({ length: 100 }, () => Effect.result(call))
        const results = yield* Effect.all(calls, { concurrency: "unbounded" })
        // The last call takes what is left, and may use more than that.
        assert.isBelow(spent, 100 + Math.min(estimate, 100))
        assert.isAtLeast(spent, 90)
        assert.isAtMost(results.filter(Result.isSuccess).length, 90)
      }).pipe(Effect.provide(layer)),
    )

    it.effect.each([tokens(100, 60), budget(100, 60)])(
      "let one call at a time take less than it may need: %o",
      (claim) =>
        Effect.gen(function* () {
          const limits = yield* Limits
          const whole = yield* limits.reserve([claim], at())
          const rest = yield* limits.reserve([claim], at())
          // What comes back of the first is less than a call may need, and the second still spends of it.
          yield* settle(whole, 50)
          assert.strictEqual(yield* wait(limits, [claim]), 1_000)
          yield* settle(rest, 45)
          yield* settle(yield* limits.reserve([claim], at()), 60)
          assert.isAbove(yield* wait(limits, [claim]), 1_000)
        }).pipe(Effect.provide(layer)),
    )

    holds("never allow more than they say, in any sequence of reserve, settle and release", (limits) =>
      Effect.gen(function* () {
        const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)
        const random = numbers(seed)
        const open: Array<{ readonly granted: number; readonly end: (n: number) => Effect.Effect<void, unknown> }> = []
        let [spent, through] = [0, 0]
        for (let n = 0; n < 3_000; n++) {
          if (random() < 0.5 && open.length > 0) {
            const [one] = open.splice(Math.floor(random() * open.length), 1)
            if (one === undefined) continue
            const isMade = random() < 0.5
            const used = Math.floor(random() * one.granted)
            if (isMade) [spent, through] = [spent + used, through + 1]
            yield* one.end(isMade ? used : -1)
          } else {
            const estimate = 1 + Math.floor(random() * 400)
            const claims = [tokens(10_000, estimate), rate("r", "200")]
            const result = yield* Effect.result(limits.reserve(claims, at()))
            if (Result.isFailure(result)) continue
            const { settle, release } = result.success
            const left = 10_000 - spent - open.reduce((sum, { granted }) => sum + granted, 0)
            assert.isAbove(left, 0, `seed ${seed}`)
            open.push({ granted: Math.min(estimate, left), end: (used) => (used < 0 ? release : settle(used)) })
          }
          assert.isAtMost(through + open.length, 200, `seed ${seed}`)
          assert.isAtMost(spent, 10_000, `seed ${seed}`)
        }
      }),
    )

    holds("hold back a name after five wrong passwords, longer each time, and no other name", ({ logins }) =>
      Effect.gen(function* () {
        for (let n = 0; n < 5; n++) {
          assert.isUndefined(yield* logins.wait("ada", at()))
          yield* logins.failed("ada", at())
        }
        assert.strictEqual(yield* logins.wait("ada", at()), 1_000)
        yield* logins.failed("ada", at())
        assert.strictEqual(yield* logins.wait("ada", at()), 2_000)
        assert.isUndefined(yield* logins.wait("bob", at()))
        yield* logins.succeeded("ada")
        assert.isUndefined(yield* logins.wait("ada", at()))
      }),
    )
  })
}

/** The same numbers from 0 to 1 for the same seed. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
