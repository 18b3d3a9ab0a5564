import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { Egress } from "../src/Egress.ts"
import * as Door from "./fixtures/Door.ts"
import { canary, reasonOf } from "./fixtures/Canary.ts"

const bound = <A, E>(use: (url: string) => Effect.Effect<A, E, Egress | Scope.Scope>) =>
  Effect.gen(function* () {
    const { port, sockets } = yield* canary
    yield* use(`http://127.0.0.1:${port}`)
    assert.strictEqual(sockets.length, 0)
  }).pipe(Effect.scoped, Effect.provide(Door.layer(Door.inside)))

describe("a pool is bound to its origin", () => {
  it.live("other schemes, hosts and ports are refused", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* Door.open(url)
        for (const other of [
          url.replace("http", "https"),
          url.replace("127.0.0.1", "127.0.0.2"),
          url.replace("127.0.0.1", "localhost"),
          `${url}0`.replace(/:\d+$/, ":8080"),
          "http://api.openai.com",
        ])
          assert.strictEqual(
            (yield* reasonOf(pool.send(Door.get(`${other}/`), Door.limits)))._tag,
            "OriginMismatch",
            other,
          )
      }),
    ),
  )

  it.live("and so is a Host header that names another", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* Door.open(url)
        for (const name of ["host", "Host", "HOST"]) {
          const request = { ...Door.get(url), headers: { [name]: "api.openai.com" } }
          assert.strictEqual((yield* reasonOf(pool.send(request, Door.limits)))._tag, "OriginMismatch")
        }
      }),
    ),
  )

  it.live("headers that would break out of theirs are not sent, and their values not told", () =>
    bound((url) =>
      Effect.gen(function* () {
        const pool = yield* Door.open(url)
        for (const headers of [
          { authorization: "Bearer secret\r\nx: y" },
          { "x\r\ny": "secret" },
          { "transfer-encoding": "secret" },
          { expect: "secret" },
          { upgrade: "secret" },
        ]) {
          const reason = yield* reasonOf(pool.send({ ...Door.get(url), headers }, Door.limits))
          assert.strictEqual(reason._tag, "InvalidOutboundRequest")
          assert.notInclude(reason.message, "secret")
        }
      }),
    ),
  )
})
