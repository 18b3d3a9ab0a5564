import * as Answer from "@drawbar/stub-platform/Answer"
import * as Certificate from "@drawbar/stub-platform/Certificate"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { createServer, type Server } from "node:https"
import type { LayerOptions, OpenOptions } from "../src/Egress.ts"
import { Resolver } from "../src/Resolver.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import * as Wire from "./fixtures/Wire.ts"

const platform = Effect.acquireRelease(
  Effect.promise(() => StubPlatform.start({ handler: () => Answer.json({ ok: true }), tls: ["api.cohere.ai"] })),
  (server) => Effect.promise(() => server.close()),
)

const call = (host: string, port: number, layer: LayerOptions, verifyCertificates = true) =>
  TestEgress.open(`https://${host}`, { verifyCertificates }).pipe(
    Effect.flatMap((pool) => pool.send(TestEgress.post(`https://${host}/v1/embed`, "{}"), TestEgress.limits)),
    Effect.scoped,
    Effect.provide(TestEgress.layer({ map: { [`${host}:443`]: `127.0.0.1:${port}` }, layer })),
  )

const refusal = (...parameters: Parameters<typeof call>) =>
  call(...parameters).pipe(
    Effect.flip,
    Effect.map(({ reason }) => reason),
  )

describe("TLS", () => {
  it.live("connects to a public host that the operator has mapped and whose authority is trusted", () =>
    Effect.gen(function* () {
      const { port, ca, requests } = yield* platform
      const { status } = yield* call("api.cohere.ai", port, { certificateAuthorities: [ca] })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(requests[0]?.headers[0], ["host", "api.cohere.ai"])
    }),
  )

  it.live("rejects an untrusted authority", () =>
    Effect.gen(function* () {
      const { port, requests } = yield* platform
      const reason = yield* refusal("api.cohere.ai", port, {})
      assert.deepInclude({ ...reason }, { _tag: "TlsFailed", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })
      assert.strictEqual(requests.length, 0)
    }),
  )

  it.live("rejects a certificate for another host", () =>
    Effect.gen(function* () {
      const { port, ca, requests } = yield* platform
      const reason = yield* refusal("api.openai.com", port, { certificateAuthorities: [ca] })
      assert.deepInclude({ ...reason }, { _tag: "TlsFailed", code: "ERR_TLS_CERT_ALTNAME_INVALID" })
      assert.strictEqual(requests.length, 0)
    }),
  )

  it.live("verifies the certificate of an IP address for that address", () =>
    Effect.gen(function* () {
      const { port, ca } = yield* platform
      const layer = { certificateAuthorities: [ca] }
      assert.strictEqual((yield* call("127.0.0.1", port, layer)).status, 200)
      assert.deepInclude({ ...(yield* refusal("127.0.0.2", port, layer)) }, { code: "ERR_TLS_CERT_ALTNAME_INVALID" })
    }),
  )

  it.live("skips verification only if both connector and operator allow it", () =>
    Effect.gen(function* () {
      const { port } = yield* platform
      assert.strictEqual((yield* refusal("api.openai.com", port, {}, false))._tag, "VerificationRequired")
      assert.strictEqual((yield* refusal("api.openai.com", port, { allowUnverifiedTls: true }))._tag, "TlsFailed")
      assert.strictEqual((yield* call("api.openai.com", port, { allowUnverifiedTls: true }, false)).status, 200)
    }),
  )

  it.live("fails if the upstream speaks plain HTTP", () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() => Wire.listen((socket) => void socket.write(Wire.answer("plain")))),
        (server) => Effect.promise(() => server[Symbol.asyncDispose]()),
      )
      assert.strictEqual((yield* refusal("api.openai.com", server.port, {}))._tag, "TlsFailed")
      assert.notInclude(server.received.join(""), "POST")
    }),
  )
})

describe("mutual TLS", () => {
  const { ca, certificate: cert, key } = Certificate.issue(["models.example"])
  const exacting = Effect.acquireRelease(
    Effect.callback<Server>((resume) => {
      const server = createServer({ cert, key, ca, requestCert: true }, (_request, response) => response.end("known"))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      }),
  )
  const present = (identity: NonNullable<OpenOptions["identity"]>) =>
    Effect.gen(function* () {
      const address = (yield* exacting).address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const answer = TestEgress.open("https://models.example", {}, { identity }).pipe(
        Effect.flatMap((pool) => pool.send(TestEgress.get("https://models.example/"), TestEgress.limits)),
        Effect.scoped,
        Effect.provide(TestEgress.layer({ map: { "models.example:443": `127.0.0.1:${port}` } })),
      )
      return TestEgress.text(yield* answer)
    }).pipe(Effect.scoped)

  it.live("presents the client certificate, and trusts the authority given with it", () =>
    Effect.map(present({ cert, key, ca }), (text) => assert.strictEqual(text, "known")),
  )

  it.live("is rejected by the upstream without a client certificate", () =>
    Effect.map(Effect.flip(present({ ca })), ({ reason }) =>
      assert.include(["TlsFailed", "ConnectionReset"], reason._tag),
    ),
  )

  it.live("does not start with an unreadable certificate, and does not show it", () =>
    Effect.map(Effect.flip(present({ cert: "secret", key: "secret" })), ({ reason }) => {
      assert.strictEqual(reason._tag, "TlsFailed")
      assert.notInclude(reason.message, "secret")
    }),
  )
})

const resolve = (targets: Readonly<Record<string, string>>, host: string, port: number) =>
  Effect.flatMap(Resolver, (resolver) => resolver.resolve(host, port)).pipe(
    Effect.provide(Resolver.layerMap(targets).pipe(Layer.provide(Resolver.layer))),
  )

describe("host mapping", () => {
  it.live("trusts an IPv4 or IPv6 address that the operator sets", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* resolve({ "a:443": "127.0.0.1:8443" }, "a", 443), {
        addresses: ["127.0.0.1"],
        port: 8443,
        trusted: true,
      })
      assert.deepStrictEqual(yield* resolve({ "a:80": "[::1]:81" }, "a", 80), {
        addresses: ["::1"],
        port: 81,
        trusted: true,
      })
    }),
  )

  it.live("leaves other hosts and ports unchanged", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* resolve({ "127.0.0.1:443": "127.0.0.1:1" }, "127.0.0.1", 80)).trusted)
    }),
  )
})
