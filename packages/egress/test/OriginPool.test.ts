import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { Egress } from "../src/Egress.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import { canary, reasonOf } from "./fixtures/Canary.ts"

const bound = <A, E>(use: (url: string) => Effect.Effect<A, E, Egress | Scope.Scope>) =>
  Effect.gen(function* () {
    const { port, sockets } = yield* canary
    yield* use(`http://127.0.0.1:${port}`)
    assert.strictEqual(sockets.length, 0)
  }).pipe(Effect.scoped, Effect.provide(TestEgress.layer(TestEgress.inside)))

describe("binds a pool to its origin", () => {
  it.live("rejects other schemes, hosts and ports", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* TestEgress.open(url)
        for (const other of [
          url.replace("http", "https"),
          url.replace("127.0.0.1", "127.0.0.2"),
          url.replace("127.0.0.1", "localhost"),
          `${url}0`.replace(/:\d+$/, ":8080"),
          "http://api.openai.com",
        ])
          assert.strictEqual(
            (yield* reasonOf(pool.send(TestEgress.get(`${other}/`), TestEgress.limits)))._tag,
            "OriginMismatch",
            other,
          )
      }),
    ),
  )

  it.live("rejects a Host header that names another host", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* TestEgress.open(url)
        for (const name of ["host", "Host", "HOST"]) {
          const request = { ...TestEgress.get(url), headers: { [name]: "api.openai.com" } }
          assert.strictEqual((yield* reasonOf(pool.send(request, TestEgress.limits)))._tag, "OriginMismatch")
        }
      }),
    ),
  )

  it.live("rejects header values with line breaks without repeating them", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* TestEgress.open(url)
        for (const headers of [
          { authorization: "Bearer secret\r\nx: y" },
          { "x\r\ny": "secret" },
          { "transfer-encoding": "secret" },
          { expect: "secret" },
          { upgrade: "secret" },
        ]) {
          const reason = yield* reasonOf(pool.send({ ...TestEgress.get(url), headers }, TestEgress.limits))
          assert.strictEqual(reason._tag, "InvalidOutboundRequest")
          assert.notInclude(reason.message, "secret")
        }
      }),
    ),
  )
})
