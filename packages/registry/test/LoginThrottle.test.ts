/** Callers that guess passwords are throttled; those that know theirs are not. */
import { performance } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import * as LoginThrottle from "../src/limits/LoginThrottle.ts"
import * as Hash from "../src/internal/Hash.ts"
import { Principals } from "../src/access/Principals.ts"
import * as MemoryLimits from "../src/limits/MemoryLimits.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

describe("a name whose password is guessed", () => {
  it("is remembered in a few bytes, however long it and what it was cut from are", () => {
    const guesses = LoginThrottle.make()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < 5_000; n++) guesses.wrong(`${n}${"x".repeat(12_000)}`.slice(0, n % 2 === 0 ? 100 : 12_000), 0)
    collect()
    assert.isBelow(process.memoryUsage().heapUsed - before, 5_000_000)
    for (let n = 0; n < 5; n++) guesses.wrong("x".repeat(12_000), 0)
    assert.strictEqual(guesses.wait("x".repeat(12_000), 0), 1_000)
  })

  it("has five guesses, then waits, longer each time, a minute at most", () => {
    const guesses = LoginThrottle.make()
    const waits: Array<number | undefined> = []
    for (let times = 0; times < 14; times++) {
      waits.push(guesses.wait("ada", 0))
      guesses.wrong("ada", 0)
    }
    assert.deepStrictEqual(waits.slice(0, 8), [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      1_000,
      2_000,
      4_000,
    ])
    assert.strictEqual(waits.at(-1), 60_000)
    assert.strictEqual(guesses.wait("bob", 0), undefined)
    assert.strictEqual(guesses.wait("ada", 60_000), undefined)
  })

  it("is forgotten after a right one, and after a quarter of an hour", () => {
    const guesses = LoginThrottle.make()
    for (let times = 0; times < 9; times++) guesses.wrong("ada", 0)
    assert.strictEqual(guesses.wait("ada", 900_000), undefined)
    guesses.wrong("ada", 900_001)
    assert.strictEqual(guesses.wait("ada", 900_001), undefined)
    guesses.right("ada")
    assert.strictEqual(guesses.wait("ada", 900_001), undefined)
  })

  it.each([-31_536_000_000, -900_000, 31_536_000_000])("waits no longer where the clock is set by %s ms", (jump) => {
    const guesses = LoginThrottle.make()
    const begun = 1.7e12
    for (let times = 0; times < 14; times++) guesses.wrong("ada", begun)
    assert.isAtMost(guesses.wait("ada", begun + jump) ?? 0, 60_000)
    assert.isUndefined(guesses.wait("ada", begun + jump + 60_000))
  })

  it("takes no more memory than ten thousand names do", () => {
    const guesses = LoginThrottle.make()
    for (let times = 0; times < 6; times++) guesses.wrong("first", 0)
    for (let n = 0; n < 10_000; n++) guesses.wrong(`name ${n}`, 0)
    assert.strictEqual(guesses.wait("first", 0), undefined)
  })
})

const services = Principals.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(RecordFeed.layer, MemoryLimits.layer)),
  Layer.provideMerge(SqliteDocumentStore.layerMemory),
)
const password = (name: string, text: string) => ({ _tag: "Password", name, password: text }) as const
const right = "a password of a test"

describe("passwords", () => {
  it.live("are checked two at a time, and a login that finds the queue full is rejected with a retry delay", () =>
    Effect.gen(function* () {
      const principals = yield* Principals
      const guess = (n: number) => Effect.result(principals.authenticate(password(`unknown-${n}`, "wrong")))
      const results = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, n) => n),
        guess,
        { concurrency: "unbounded" },
      )
      const refused = results.flatMap((result) => (result._tag === "Failure" ? [result.failure.reason] : []))
      assert.strictEqual(refused.length, 60 - 32)
      for (const reason of refused) assert.deepInclude(reason, { _tag: "LoginThrottled", retryAfterMillis: 2_000 })
    }).pipe(Effect.provide(services)),
  )

  it.live("that were right before are not held back by what others guess", () =>
    Effect.gen(function* () {
      const principals = yield* Principals
      yield* principals.createUser({ name: "ada", password: right, roles: ["reader"] })
      const known = () => principals.authenticate(password("ada", right))
      assert.isTrue(Option.isSome(yield* known()))
      for (let times = 0; times < 5; times++) yield* principals.authenticate(password("ada", `wrong ${times}`))
      const { reason } = yield* Effect.flip(principals.authenticate(password("ada", "wrong again")))
      assert.strictEqual(reason._tag, "LoginThrottled")
      assert.isTrue(Option.isSome(yield* known()))
    }).pipe(Effect.provide(services)),
  )

  it.live("of unknown names are throttled as well, so that a throttled login does not reveal which names exist", () =>
    Effect.gen(function* () {
      const principals = yield* Principals
      for (let times = 0; times < 5; times++) yield* principals.authenticate(password("unknown", "wrong"))
      const { reason } = yield* Effect.flip(principals.authenticate(password("unknown", "wrong")))
      assert.strictEqual(reason._tag, "LoginThrottled")
    }).pipe(Effect.provide(services)),
  )
})

it("how long it takes to look at a key does not depend on how much of it is right (advisory)", () => {
  const key = `dbk_0123456789abcdef_${"k".repeat(43)}`
  const digest = Hash.digestIn(Hash.ofKey(key))
  const median = (guess: string) => {
    const times = Array.from({ length: 4_000 }, () => {
      const begun = performance.now()
      Hash.isKey(guess, digest)
      return performance.now() - begun
    })
    return (times.toSorted((a, b) => a - b)[2_000] ?? 0) * 1_000
  }
  const guesses = {
    "all wrong": "x".repeat(key.length),
    "half right": key.slice(0, 32).padEnd(key.length, "x"),
    right: key,
  }
  for (const guess of Object.values(guesses)) median(guess)
  const micros = Object.entries(guesses).map(([name, guess]) => `${name} ${median(guess).toFixed(2)} µs`)
  console.log(`A key is looked at: ${micros.join(", ")}`)
})
