import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Egress } from "../src/Egress.ts"
import { EgressPolicy } from "../src/EgressPolicy.ts"
import { Resolver } from "../src/Resolver.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import * as Wire from "./fixtures/Wire.ts"
import { withinTheNetwork, wire, refusal } from "./fixtures/Exchanges.ts"

describe("time limits", () => {
  withinTheNetwork(
    "apply the call's deadline while the upstream sends nothing",
    Effect.gen(function* () {
      const server = yield* wire(() => {})
      const reason = yield* refusal(server.port, {}, { ...TestEgress.limits, timeoutMs: 30 })
      assert.strictEqual(reason._tag, "DeadlineExceeded")
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "apply the call's deadline while the upstream sends slowly",
    Effect.gen(function* () {
      const server = yield* wire((socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        const drip = setInterval(() => socket.write("."), 5)
        socket.on("close", () => clearInterval(drip))
      })
      const reason = yield* refusal(server.port, {}, { ...TestEgress.limits, timeoutMs: 60 })
      assert.strictEqual(reason._tag, "DeadlineExceeded")
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "limit the wait for the response headers",
    Effect.gen(function* () {
      const server = yield* wire(() => {})
      const reason = yield* refusal(server.port, {}, { ...TestEgress.limits, headersTimeoutMs: 30 })
      assert.strictEqual(reason._tag, "HeadersTimeout")
    }),
  )

  withinTheNetwork(
    "limit the wait for more of the body",
    Effect.gen(function* () {
      const server = yield* wire((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"))
      const reason = yield* refusal(server.port, {}, { ...TestEgress.limits, idleTimeoutMs: 30 })
      assert.strictEqual(reason._tag, "IdleTimeout")
    }),
  )

  withinTheNetwork(
    "limit the wait for a free connection; the request is not sent",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const server = yield* wire(() => asked.resolve())
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(url, { maxConnections: 1 }, { acquireTimeoutMs: 20 })
      const first = yield* Effect.forkChild(pool.send(TestEgress.post(`${url}/first`, "{}"), TestEgress.limits))
      yield* Effect.promise(() => asked.promise)
      const { reason } = yield* Effect.flip(pool.send(TestEgress.post(`${url}/second`, "{}"), TestEgress.limits))
      assert.strictEqual(reason._tag, "PoolExhausted")
      assert.isTrue(reason.retryable)
      yield* Fiber.interrupt(first)
      yield* Effect.promise(server.abandoned)
      assert.notInclude(server.received.join(""), "/second")
    }),
  )

  it.effect("limit the wait for the connection, including name resolution", () =>
    Effect.gen(function* () {
      const pool = yield* TestEgress.open("https://api.openai.com", { connectTimeoutMs: 7_000 })
      const sending = yield* Effect.forkChild(
        Effect.flip(pool.send(TestEgress.get("https://api.openai.com/"), TestEgress.limits)),
      )
      yield* TestClock.adjust("7 seconds")
      const { reason } = yield* Fiber.join(sending)
      assert.strictEqual(reason._tag, "ConnectTimeout")
      assert.isTrue(reason.retryable)
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Egress.layer().pipe(
          Layer.provide(Layer.succeed(Resolver, { resolve: () => Effect.never })),
          Layer.provide(EgressPolicy.layer(TestEgress.policy())),
        ),
      ),
    ),
  )
})

describe("cancellation", () => {
  withinTheNetwork(
    "closes the connection when the caller is interrupted",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const server = yield* wire(() => asked.resolve())
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(url)
      const sending = yield* Effect.forkChild(pool.send(TestEgress.get(url), TestEgress.limits))
      yield* Effect.promise(() => asked.promise)
      yield* Fiber.interrupt(sending)
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "keeps the connections of other callers when a waiting caller is interrupted",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const server = yield* wire((socket) => {
        asked.resolve()
        void finish.promise.then(() => socket.write(Wire.answer("ok")))
      })
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(url, { maxConnections: 1 })
      const ask = (path: string) =>
        Effect.forkChild(pool.send(TestEgress.get(`${url}${path}`), TestEgress.limits), { startImmediately: true })
      const first = yield* ask("/1")
      const second = yield* ask("/2")
      const third = yield* ask("/3")
      yield* Effect.promise(() => asked.promise)
      yield* Fiber.interrupt(second)
      finish.resolve()
      yield* Fiber.join(first)
      yield* Fiber.join(third)
      assert.strictEqual(server.sockets.length, 1)
      assert.notInclude(server.received[0], "/2")
    }),
  )

  withinTheNetwork(
    "lets pending requests finish when a pool closes, and rejects new ones",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const server = yield* wire((socket) => {
        asked.resolve()
        void finish.promise.then(() => socket.write(Wire.answer("ok")))
      })
      const url = `http://127.0.0.1:${server.port}`
      const scope = yield* Scope.make()
      const pool = yield* TestEgress.open(url).pipe(Scope.provide(scope))
      const sending = yield* Effect.forkChild(pool.send(TestEgress.get(url), TestEgress.limits))
      yield* Effect.promise(() => asked.promise)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow
      const { reason } = yield* Effect.flip(pool.send(TestEgress.get(url), TestEgress.limits))
      assert.strictEqual(reason._tag, "PoolClosed")
      finish.resolve()
      assert.strictEqual((yield* Fiber.join(sending)).status, 200)
      yield* Fiber.join(closing)
      yield* Effect.promise(server.abandoned)
    }),
  )
})
