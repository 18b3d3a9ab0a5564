import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Egress } from "../src/Egress.ts"
import { EgressPolicy } from "../src/EgressPolicy.ts"
import { Resolver } from "../src/Resolver.ts"
import * as Door from "./fixtures/Door.ts"
import * as Wire from "./fixtures/Wire.ts"
import { withinTheNetwork, wire, refusal } from "./fixtures/Exchanges.ts"

describe("time is bounded", () => {
  withinTheNetwork(
    "by the call's deadline, while the platform says nothing",
    Effect.gen(function* () {
      const server = yield* wire(() => {})
      const reason = yield* refusal(server.port, {}, { ...Door.limits, timeoutMs: 30 })
      assert.strictEqual(reason._tag, "DeadlineExceeded")
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "by the call's deadline, while the platform drips",
    Effect.gen(function* () {
      const server = yield* wire((socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        const drip = setInterval(() => socket.write("."), 5)
        socket.on("close", () => clearInterval(drip))
      })
      const reason = yield* refusal(server.port, {}, { ...Door.limits, timeoutMs: 60 })
      assert.strictEqual(reason._tag, "DeadlineExceeded")
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "by the wait for the headers",
    Effect.gen(function* () {
      const server = yield* wire(() => {})
      const reason = yield* refusal(server.port, {}, { ...Door.limits, headersTimeoutMs: 30 })
      assert.strictEqual(reason._tag, "HeadersTimeout")
    }),
  )

  withinTheNetwork(
    "by the wait for more of the body",
    Effect.gen(function* () {
      const server = yield* wire((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"))
      const reason = yield* refusal(server.port, {}, { ...Door.limits, idleTimeoutMs: 30 })
      assert.strictEqual(reason._tag, "IdleTimeout")
    }),
  )

  withinTheNetwork(
    "by the wait for a free connection, after which nothing is sent",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const server = yield* wire(() => asked.resolve())
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* Door.open(url, { maxConnections: 1 }, { acquireTimeoutMs: 20 })
      const first = yield* Effect.forkChild(pool.send(Door.post(`${url}/first`, "{}"), Door.limits))
      yield* Effect.promise(() => asked.promise)
      const { reason } = yield* Effect.flip(pool.send(Door.post(`${url}/second`, "{}"), Door.limits))
      assert.strictEqual(reason._tag, "PoolExhausted")
      assert.isTrue(reason.retryable)
      yield* Fiber.interrupt(first)
      yield* Effect.promise(server.abandoned)
      assert.notInclude(server.received.join(""), "/second")
    }),
  )

  it.effect("by the wait for the connection, name resolution included", () =>
    Effect.gen(function* () {
      const pool = yield* Door.open("https://api.openai.com", { connectTimeoutMs: 7_000 })
      const sending = yield* Effect.forkChild(Effect.flip(pool.send(Door.get("https://api.openai.com/"), Door.limits)))
      yield* TestClock.adjust("7 seconds")
      const { reason } = yield* Fiber.join(sending)
      assert.strictEqual(reason._tag, "ConnectTimeout")
      assert.isTrue(reason.retryable)
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Egress.layer().pipe(
          Layer.provide(Layer.succeed(Resolver, { resolve: () => Effect.never })),
          Layer.provide(EgressPolicy.layer(Door.policy())),
        ),
      ),
    ),
  )
})

describe("a request ends with its caller", () => {
  withinTheNetwork(
    "interruption closes the connection",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const server = yield* wire(() => asked.resolve())
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* Door.open(url)
      const sending = yield* Effect.forkChild(pool.send(Door.get(url), Door.limits))
      yield* Effect.promise(() => asked.promise)
      yield* Fiber.interrupt(sending)
      yield* Effect.promise(server.abandoned)
    }),
  )

  withinTheNetwork(
    "interruption in the queue costs nobody else a connection",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const server = yield* wire((socket) => {
        asked.resolve()
        void finish.promise.then(() => socket.write(Wire.answer("ok")))
      })
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* Door.open(url, { maxConnections: 1 })
      const ask = (path: string) =>
        Effect.forkChild(pool.send(Door.get(`${url}${path}`), Door.limits), { startImmediately: true })
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
    "a pool that closes lets what is under way end, and takes nothing new",
    Effect.gen(function* () {
      const asked = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const server = yield* wire((socket) => {
        asked.resolve()
        void finish.promise.then(() => socket.write(Wire.answer("ok")))
      })
      const url = `http://127.0.0.1:${server.port}`
      const scope = yield* Scope.make()
      const pool = yield* Door.open(url).pipe(Scope.provide(scope))
      const sending = yield* Effect.forkChild(pool.send(Door.get(url), Door.limits))
      yield* Effect.promise(() => asked.promise)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow
      const { reason } = yield* Effect.flip(pool.send(Door.get(url), Door.limits))
      assert.strictEqual(reason._tag, "PoolClosed")
      finish.resolve()
      assert.strictEqual((yield* Fiber.join(sending)).status, 200)
      yield* Fiber.join(closing)
      yield* Effect.promise(server.abandoned)
    }),
  )
})
