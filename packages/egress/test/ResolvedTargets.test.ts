import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { createServer } from "node:net"
import { Egress } from "../src/Egress.ts"
import { DnsLookupFailed, EgressError } from "../src/EgressError.ts"
import { EgressPolicy, type Policy } from "../src/EgressPolicy.ts"
import { type Resolution, Resolver } from "../src/Resolver.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import { canary, reasonOf } from "./fixtures/Canary.ts"

const resolving = (answers: ReadonlyArray<Resolution["addresses"]>, port: number) => {
  let next = 0
  return Layer.succeed(Resolver, {
    resolve: () =>
      Effect.sync((): Resolution => ({
        addresses: answers[next++ % answers.length] ?? ["0.0.0.0"],
        port,
        trusted: false,
      })),
  })
}

const testEgress = (resolver: Layer.Layer<Resolver>, policy: Policy = TestEgress.policy()) =>
  Egress.layer().pipe(Layer.provide(resolver), Layer.provide(EgressPolicy.layer(policy)))

describe("checks the addresses that a name resolves to", () => {
  const pool = TestEgress.open("http://models.example", { connectTimeoutMs: 1_000 })
  const call = (url = "http://models.example/") =>
    Effect.flatMap(pool, (pool) => pool.send(TestEgress.get(url), TestEgress.limits))

  const answers: ReadonlyArray<Resolution["addresses"]> = [
    ["127.0.0.1"],
    ["8.8.8.8", "127.0.0.1"],
    ["127.0.0.1", "8.8.8.8"],
    ["2606:4700::1111", "::1"],
    ["8.8.8.8", "169.254.169.254"],
    ["::ffff:127.0.0.1"],
    ["::ffff:7f00:1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["fe80::1%lo"],
    ["fe80::1%1"],
    ["8.8.8.8", "no address"],
    ["0177.0.0.1"],
    ["0.0.0.0"],
    ["::"],
  ]
  it.effect("rejects a name if one of its addresses is forbidden", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const addresses of answers) {
        const reason = yield* call().pipe(
          Effect.scoped,
          Effect.provide(testEgress(resolving([addresses], port))),
          reasonOf,
        )
        assert.strictEqual(reason._tag, "PrivateAddress", addresses.join())
        assert.match(reason.message, /^Remote inference host name has private ip address: models\.example/)
      }
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.live("resolves a name once per connection, and connects to the address that was checked", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      // Allowed at first, then not: each connection uses the address that was checked for it.
      const flipping = resolving([["127.0.0.1"], ["169.254.169.254"]], port)
      const result = yield* Effect.gen(function* () {
        const rebinding = yield* pool
        const ask = rebinding.send(
          { ...TestEgress.get("http://models.example/"), headers: { connection: "close" } },
          TestEgress.limits,
        )
        yield* ask
        return yield* reasonOf(ask)
      }).pipe(Effect.scoped, Effect.provide(testEgress(flipping, TestEgress.policy({ privateAddresses: true }))))
      assert.strictEqual(result._tag, "PrivateAddress")
      assert.strictEqual(sockets.length, 1)
    }),
  )

  it.effect("rejects the operator's restricted addresses in every notation", () =>
    Effect.gen(function* () {
      for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"]) {
        const policy = TestEgress.policy({ privateAddresses: true, restrictedAddresses: ["10\\.1\\..*"] })
        const reason = yield* call().pipe(
          Effect.scoped,
          Effect.provide(testEgress(resolving([[address]], 80), policy)),
          reasonOf,
        )
        assert.strictEqual(reason._tag, "RestrictedAddress")
        assert.match(reason.message, /^Remote inference host name has restricted ip address: models\.example/)
      }
    }),
  )

  it.live("applies the list of private endpoints to each request, also on an open connection", () =>
    Effect.gen(function* () {
      const { port, sockets, received } = yield* canary
      const policy = TestEgress.policy({
        privateAddresses: true,
        trustedPrivateEndpoints: ["^http://models\\.example/v1/.*$"],
      })
      yield* Effect.gen(function* () {
        const bound = yield* pool
        const get = (path: string) => bound.send(TestEgress.get(`http://models.example${path}`), TestEgress.limits)
        const first = yield* reasonOf(get("/admin"))
        assert.strictEqual(sockets.length, 0)
        yield* get("/v1/a")
        const second = yield* reasonOf(get("/admin"))
        for (const reason of [first, second])
          assert.match(reason.message, /^Connector URL is not matching the trusted connector private endpoint regex/)
        yield* get("/v1/b")
      }).pipe(Effect.scoped, Effect.provide(testEgress(resolving([["127.0.0.1"]], port), policy)))
      assert.strictEqual(sockets.length, 1)
      assert.notInclude(received.join(""), "/admin")
    }),
  )

  it.effect("reports an unknown name, which is retryable", () =>
    Effect.gen(function* () {
      const unknown = Layer.succeed(Resolver, {
        resolve: (host: string) => Effect.fail(EgressError.from(new DnsLookupFailed({ host, code: "ENOTFOUND" }))),
      })
      const reason = yield* call().pipe(Effect.scoped, Effect.provide(testEgress(unknown)), reasonOf)
      assert.match(reason.message, /^models\.example: Name or service not known/)
      assert.isTrue(reason.retryable)
    }),
  )

  it.live("reports a refused connection, which is retryable", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      const sending = call().pipe(
        Effect.scoped,
        Effect.provide(testEgress(resolving([["127.0.0.1"]], port), TestEgress.policy({ privateAddresses: true }))),
      )
      const reason = yield* reasonOf(sending)
      assert.deepInclude({ ...reason }, { _tag: "ConnectFailed", code: "ECONNREFUSED" })
      assert.isTrue(reason.retryable)
    }),
  )
})

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
