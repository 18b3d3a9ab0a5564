import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Egress } from "../src/Egress.ts"
import { EgressPolicy, type Policy } from "../src/EgressPolicy.ts"
import { Resolver } from "../src/Resolver.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import { canary, reasonOf } from "./fixtures/Canary.ts"

const changing = (before: Policy, after: Policy) => {
  let current = before
  return { change: () => (current = after), layer: EgressPolicy.layerLive(() => current) }
}

const scenario = (before: Policy, after: Policy, tag: string) =>
  Effect.gen(function* () {
    const { port, sockets } = yield* canary
    const { change, layer } = changing(before, after)
    const url = `http://127.0.0.1:${port}/`
    const reason = yield* Effect.gen(function* () {
      const pool = yield* TestEgress.open(url)
      yield* pool.send(TestEgress.get(url), TestEgress.limits)
      change()
      return yield* reasonOf(pool.send(TestEgress.get(url), TestEgress.limits))
    }).pipe(Effect.scoped, Effect.provide(Egress.layer().pipe(Layer.provide(Resolver.layer), Layer.provide(layer))))
    assert.strictEqual(reason._tag, tag)
    assert.strictEqual(sockets.length, 1)
  })

describe("applies changed settings immediately", () => {
  const open = TestEgress.policy({ privateAddresses: true })
  it.live("private addresses, with a connection open", () => scenario(open, TestEgress.policy(), "PrivateAddress"))
  it.live("the trusted list", () =>
    scenario(open, TestEgress.policy({ privateAddresses: true, trustedEndpoints: ["api.openai.com"] }), "NotTrusted"),
  )
  it.live("restricted addresses", () =>
    scenario(
      open,
      TestEgress.policy({ privateAddresses: true, restrictedAddresses: ["127\\..*"] }),
      "RestrictedAddress",
    ),
  )
})
