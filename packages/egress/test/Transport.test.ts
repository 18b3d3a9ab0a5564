import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"
import type { EgressPool, EgressResponse } from "../src/EgressPool.ts"
import { ConnectFailed, ConnectionReset, EgressError, type EgressReason } from "../src/EgressError.ts"
import * as Transport from "../src/Transport.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"

const origin = "https://models.example"

const defaults: Transport.RetryOptions = {
  responseTimeoutMs: 30_000,
  maxRetries: 0,
  backoffMs: 200,
  backoffPolicy: "constant",
  retryTimeoutMs: 30_000,
}

type Step = EgressResponse | EgressReason | { readonly after: number; readonly answer: EgressResponse }

const status = (code: number, headers: EgressResponse["headers"] = {}): EgressResponse => ({
  status: code,
  headers,
  body: new Uint8Array(),
})

const unreachable = new ConnectFailed({ origin, code: "ECONNREFUSED" })
const broken = new ConnectionReset({ origin, code: "ECONNRESET" })

/** A pool that plays a list of steps, repeating the last, and records the time and the limits of each request. */
const play = (steps: ReadonlyArray<Step>) => {
  const times: Array<number> = []
  const left: Array<number | undefined> = []
  const pool: Pick<EgressPool, "origin" | "send"> = {
    origin,
    send: (_request, { timeoutMs }) =>
      Effect.gen(function* () {
        left.push(timeoutMs)
        const step = steps[Math.min(times.push(yield* Clock.currentTimeMillis), steps.length) - 1] ?? status(200)
        if ("_tag" in step) return yield* EgressError.from(step)
        if (!("after" in step)) return step
        yield* Effect.sleep(step.after)
        return step.answer
      }),
  }
  return { pool, times, left }
}

/** Sends with the clock at 0, advances it as far as necessary, and returns the result and its time. */
const outcome = (
  steps: ReadonlyArray<Step>,
  retry: Partial<Transport.RetryOptions> = {},
  timeoutMs?: number,
  signing = 0,
) =>
  Effect.gen(function* () {
    const { pool, times, left } = play(steps)
    const attempts: Array<number> = []
    const fiber = yield* Effect.forkChild(
      Effect.result(
        Transport.send({
          origin: pool.origin,
          attempt: pool.send,
          retry: { ...defaults, ...retry },
          prepare: (attempt) =>
            Effect.delay(
              Effect.sync(() => (attempts.push(attempt), TestEgress.get(`${origin}/`))),
              signing,
            ),
          maxResponseBytes: 1_000,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        }),
      ),
    )
    yield* TestClock.adjust("1 day")
    const result = yield* Fiber.join(fiber)
    const what = result._tag === "Success" ? result.success.status : result.failure.reason._tag
    return { what, times, left, attempts }
  })

const retrying = { maxRetries: 3, backoffMs: 200 } as const

describe("retry conditions", () => {
  const cases: ReadonlyArray<readonly [name: string, step: Step, attempts: number]> = [
    ["429", status(429), 4],
    ["500", status(500), 4],
    ["502", status(502), 4],
    ["503", status(503), 4],
    ["529", status(529), 4],
    ["400 that AWS calls throttling", status(400, { "x-amzn-errortype": "ThrottlingException:http://x" }), 4],
    ["no connection", unreachable, 4],
    ["200", status(200), 1],
    ["302", status(302), 1],
    ["400", status(400), 1],
    ["401", status(401), 1],
    ["404", status(404), 1],
    ["408", status(408), 1],
    ["a connection that broke after the request was sent", broken, 1],
    ["a reused connection that broke", new ConnectionReset({ origin, code: "ECONNRESET", wasKept: true }), 4],
  ]
  for (const [name, step, expected] of cases)
    it.effect(`${name}: ${expected === 1 ? "not retried" : "retried"}; returns the last result`, () =>
      Effect.gen(function* () {
        const { what, times } = yield* outcome([step], retrying)
        assert.strictEqual(times.length, expected)
        assert.strictEqual(what, "_tag" in step ? step._tag : "status" in step ? step.status : 0)
      }),
    )

  it.effect("does not retry unless the connector asks for it", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome([status(503)])).times.length, 1)
      assert.strictEqual((yield* outcome([unreachable])).times.length, 1)
    }),
  )

  it.effect("retries until it succeeds, and prepares each request again", () =>
    Effect.gen(function* () {
      const { what, attempts } = yield* outcome([status(503), unreachable, status(200)], retrying)
      assert.deepStrictEqual([what, attempts], [200, [0, 1, 2]])
    }),
  )

  it.effect("retries until the retry timeout if max retries is -1", () =>
    Effect.gen(function* () {
      const config = { maxRetries: -1, backoffMs: 1_000, retryTimeoutMs: 10_000 }
      const { times, what } = yield* outcome([status(503)], config)
      assert.deepStrictEqual(times, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000])
      assert.strictEqual(what, 503)
    }),
  )
})

const delays = (times: ReadonlyArray<number>) => times.slice(1).map((time, index) => time - (times[index] ?? 0))

describe("retry timing", () => {
  it.effect("constant: waits the same time before each retry", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* outcome([status(503)], retrying)).times, [0, 200, 400, 600])
    }),
  )

  for (const [policy, least] of [
    ["exponential_equal_jitter", 0.5],
    ["exponential_full_jitter", 0],
  ] as const)
    it.effect(`${policy}: waits between ${least} and 1 times a delay that doubles`, () =>
      Effect.gen(function* () {
        for (let seed = 0; seed < 20; seed++) {
          const { times } = yield* outcome([status(503)], {
            ...retrying,
            maxRetries: 5,
            backoffPolicy: policy,
          }).pipe(Random.withSeed(seed), Effect.provide(TestClock.layer()))
          for (const [attempt, delay] of delays(times).entries()) {
            const most = 200 * 2 ** attempt
            assert.isAtLeast(Math.ceil(delay), least * most, `seed ${seed}`)
            assert.isAtMost(Math.floor(delay), most, `seed ${seed}`)
          }
        }
      }),
    )

  it.effect("waits as long as the upstream asks", () =>
    Effect.gen(function* () {
      const steps = [
        status(429, { "retry-after": "2" }),
        status(503, { "retry-after-ms": "30" }),
        status(503, { "retry-after": "Thu, 01 Jan 1970 00:00:05 GMT" }),
        status(200),
      ]
      assert.deepStrictEqual((yield* outcome(steps, retrying)).times, [0, 2_000, 2_030, 5_000])
    }),
  )

  it.effect("returns the response immediately if the upstream asks for more than the retry timeout", () =>
    Effect.gen(function* () {
      const { what, times } = yield* outcome([status(429, { "retry-after": "31" })], retrying)
      assert.deepStrictEqual([what, times], [429, [0]])
    }),
  )

  it.effect("does not retry if the upstream asks for more than the time left for the call", () =>
    Effect.gen(function* () {
      const { what, times } = yield* outcome([status(429, { "retry-after": "2" })], retrying, 1_000)
      assert.deepStrictEqual([what, times], [429, [0]])
    }),
  )
})

describe("deadline of the whole call", () => {
  it.effect("gives each attempt the time left, and begins none afterwards", () =>
    Effect.gen(function* () {
      const slow = { after: 400, answer: status(503) }
      const { what, times, left } = yield* outcome([slow], { ...retrying, maxRetries: -1 }, 1_500)
      assert.deepStrictEqual(times, [0, 600, 1_200])
      assert.deepStrictEqual(left, [1_500, 900, 300])
      assert.strictEqual(what, 503)
    }),
  )

  it.effect("sends nothing after the deadline", () =>
    Effect.gen(function* () {
      const { what, times } = yield* outcome([status(200)], {}, 60_000, 60_000)
      assert.deepStrictEqual([what, times], ["DeadlineExceeded", []])
    }),
  )
})

describe("a real connection", () => {
  it.live("retries on the open connection and returns the response after recovery", () =>
    Effect.gen(function* () {
      const platform = yield* Effect.acquireRelease(
        Effect.promise(() =>
          StubPlatform.start({
            handler: Answer.inTurn(Answer.text("", 503), Answer.text("", 429), Answer.json({ ok: 1 })),
          }),
        ),
        (server) => Effect.promise(() => server.close()),
      )
      const pool = yield* TestEgress.open(platform.origin)
      const answer = yield* Transport.send({
        origin: pool.origin,
        attempt: pool.send,
        retry: { ...defaults, maxRetries: 2, backoffMs: 1 },
        prepare: (attempt) => Effect.succeed(TestEgress.post(`${platform.origin}/${attempt}`, "{}")),
        maxResponseBytes: 1_000,
      })
      assert.strictEqual(TestEgress.text(answer), '{"ok":1}')
      assert.deepStrictEqual(
        platform.requests.map(({ target }) => target),
        ["/0", "/1", "/2"],
      )
      assert.strictEqual(new Set(platform.requests.map(({ remotePort }) => remotePort)).size, 1)
    }).pipe(Effect.scoped, Effect.provide(TestEgress.layer(TestEgress.inside))),
  )
})
