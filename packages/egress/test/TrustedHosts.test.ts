import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as Destination from "../src/Destination.ts"
import { Egress } from "../src/Egress.ts"
import { EgressPolicy, type Settings } from "../src/EgressPolicy.ts"
import { type Resolution, Resolver } from "../src/Resolver.ts"
import { trustedEndpointDefaults } from "../src/TrustedEndpointDefaults.ts"
import * as TrustedHosts from "../src/TrustedHosts.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import { canary, reasonOf, send } from "./fixtures/Canary.ts"

/** Only the default list, so that nothing on loopback is trusted but by an origin. */
const trusting = (...trustedHosts: ReadonlyArray<string>): Settings => ({
  trustedEndpoints: trustedEndpointDefaults,
  trustedHosts,
})

describe("reads an origin", () => {
  it.each([
    ["http://localhost:11434", "http://localhost:11434"],
    ["http://localhost:11434/", "http://localhost:11434"],
    ["HTTPS://Models.Example:443", "https://models.example"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://10.0.0.7:80", "http://10.0.0.7"],
  ])("%s", (entry, origin) => assert.deepStrictEqual(TrustedHosts.parse(entry), Result.succeed(origin)))

  it.each([
    ["localhost:11434", "not http or https"],
    ["localhost", "such as http://localhost:11434"],
    ["ftp://localhost", "not http or https"],
    ["http://localhost:11434/v1", "no path"],
    ["http://localhost:11434?x", "no path"],
    ["http://localhost:11434#x", "no path"],
    ["http://*.example", "wildcard"],
    ["http://user:secret@localhost:1", "contains a user"],
    ["http://localhost:25", "reserved for a protocol"],
    ["^http://localhost:.*$", "such as http://localhost:11434"],
    ["http://169.254.169.254", "no setting allows it"],
    ["http://2852039166", "no setting allows it"],
    ["http://[fe80::1]:80", "no setting allows it"],
    ["http://[fd00:ec2::254]", "no setting allows it"],
    ["http://[::ffff:169.254.169.254]", "no setting allows it"],
    ["http://metadata.google.internal", "no setting allows it"],
    ["http://0.0.0.0:80", "no setting allows it"],
  ])("and rejects %s with a sentence", (entry, sentence) => {
    const { message } = Result.getOrThrow(Result.flip(TrustedHosts.parse(entry)))
    assert.include(message, sentence)
  })
})

describe("a trusted host", () => {
  it.live("opens exactly its scheme, host and port, also on loopback", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      const policy = trusting(`http://127.0.0.1:${port}`)
      const { status } = yield* send(`http://127.0.0.1:${port}/any/path?x=1`, { policy })
      assert.strictEqual(status, 200)
      const others = [
        `https://127.0.0.1:${port}/`,
        `http://127.0.0.1:${port === 65_535 ? port - 1 : port + 1}/`,
        `http://127.0.0.2:${port}/`,
        `http://localhost:${port}/`,
        `http://127.0.0.1.example:${port}/`,
      ]
      for (const url of others) {
        assert.match((yield* reasonOf(send(url, { policy })))._tag, /^(NotTrusted|PrivateAddress)$/, url)
      }
      assert.strictEqual(sockets.length, 1)
    }),
  )

  it.live("closes again, with its open connections, when its entry is removed", () =>
    Effect.gen(function* () {
      const { port } = yield* canary
      const url = `http://127.0.0.1:${port}/`
      let policy = TestEgress.policy(trusting(`http://127.0.0.1:${port}`))
      const reason = yield* Effect.gen(function* () {
        const pool = yield* TestEgress.open(url)
        yield* pool.send(TestEgress.get(url), TestEgress.limits)
        policy = TestEgress.policy(trusting())
        return yield* reasonOf(pool.send(TestEgress.get(url), TestEgress.limits))
      }).pipe(
        Effect.scoped,
        Effect.provide(
          Egress.layer().pipe(Layer.provide(Resolver.layer), Layer.provide(EgressPolicy.layerLive(() => policy))),
        ),
      )
      assert.strictEqual(reason._tag, "NotTrusted")
    }),
  )
})

/** Sends one request on a new connection for each answer of the resolver, to `host`, of which `trusted` is trusted. */
const resolving = (
  answers: ReadonlyArray<Resolution["addresses"]>,
  { host = "models.example", settings = {} }: { readonly host?: string; readonly settings?: Settings } = {},
) =>
  Effect.gen(function* () {
    const { port, sockets } = yield* canary
    let next = 0
    const resolver = Layer.succeed(Resolver, {
      resolve: () =>
        Effect.sync((): Resolution => ({ addresses: answers[next++] ?? ["0.0.0.0"], port, trusted: false })),
    })
    const policy = TestEgress.policy({ ...settings, trustedHosts: ["http://models.example"] })
    const url = `http://${host}/`
    const results = yield* Effect.gen(function* () {
      const pool = yield* TestEgress.open(url, { connectTimeoutMs: 200 })
      const request = { ...TestEgress.get(url), headers: { connection: "close" } }
      return yield* Effect.forEach(answers, () => Effect.result(pool.send(request, TestEgress.limits)))
    }).pipe(
      Effect.scoped,
      Effect.provide(Egress.layer().pipe(Layer.provide(resolver), Layer.provide(EgressPolicy.layer(policy)))),
    )
    return {
      connections: sockets.length,
      results: results.map((result) => (Result.isSuccess(result) ? "answered" : result.failure.reason._tag)),
    }
  })

describe("checks the addresses of a trusted host at each connection", () => {
  it.live("and opens private ones", () =>
    Effect.gen(function* () {
      const { results } = yield* resolving([["127.0.0.1"], ["127.0.0.1", "::1"]])
      assert.deepStrictEqual(results, ["answered", "answered"])
    }),
  )

  it.live("but never a metadata or link-local one", () =>
    Effect.gen(function* () {
      for (const address of ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:a9fe:a9fe"]) {
        const { results, connections } = yield* resolving([[address], ["127.0.0.1", address], ["127.0.0.1"]])
        assert.deepStrictEqual(results, ["PrivateAddress", "PrivateAddress", "answered"], address)
        assert.strictEqual(connections, 1)
      }
    }),
  )

  it.live("and keeps a name with public addresses out of this network", () =>
    Effect.gen(function* () {
      const mixed = yield* resolving([["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]])
      assert.deepStrictEqual(mixed, { connections: 0, results: ["PrivateAddress", "PrivateAddress"] })
    }),
  )

  it.live("also by a policy that is made again, such as after a restart", () =>
    Effect.gen(function* () {
      const settings = { publicHosts: new Set<string>() }
      yield* resolving([["8.8.8.8", "127.0.0.1"]], { settings })
      assert.deepStrictEqual([...settings.publicHosts], ["http://models.example"])
      const again = yield* resolving([["127.0.0.1"]], { settings })
      assert.deepStrictEqual(again, { connections: 0, results: ["PrivateAddress"] })
    }),
  )

  it.live("opens no other name with the same addresses", () =>
    Effect.gen(function* () {
      const other = yield* resolving([["127.0.0.1"]], { host: "other.example" })
      assert.deepStrictEqual(other, { connections: 0, results: ["PrivateAddress"] })
    }),
  )

  it.live("and keeps the operator's restricted addresses closed", () =>
    Effect.gen(function* () {
      const closed = yield* resolving([["127.0.0.1"]], { settings: { restrictedAddresses: ["127\\..*"] } })
      assert.deepStrictEqual(closed, { connections: 0, results: ["RestrictedAddress"] })
    }),
  )

  it.live("whatever the list of private endpoints has", () =>
    Effect.gen(function* () {
      const settings = { trustedPrivateEndpoints: ["^https://other\\.example/.*$"] }
      assert.deepStrictEqual((yield* resolving([["127.0.0.1"]], { settings })).results, ["answered"])
    }),
  )
})

const refusal = (url: string) =>
  Result.getOrThrow(Result.flip(Destination.make(url, TestEgress.policy(trusting())))).message

describe("a refusal", () => {
  it.each([
    ["http://localhost:11434/v1/chat?key=secret", "drawbar trust http://localhost:11434"],
    ["https://vllm.internal/v1", "drawbar trust https://vllm.internal"],
    ["http://[::1]:8080/v1", "drawbar trust 'http://[::1]:8080'"],
  ])("of %s has the command that opens it", (url, command) => {
    assert.isTrue(refusal(url).endsWith(command), refusal(url))
    assert.notInclude(refusal(url), "nearest")
    assert.notInclude(refusal(url), "secret")
  })

  it.each(["http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://metadata.google.internal/x"])(
    "of %s has neither a command nor an entry",
    (url) => {
      assert.include(refusal(url), "no setting allows it")
      assert.notMatch(refusal(url), /drawbar trust|nearest|regex/)
    },
  )

  it.effect("of a private address has the command too", () =>
    Effect.gen(function* () {
      const { message } = yield* reasonOf(send("http://127.0.0.1:11434/"))
      assert.include(message, "drawbar trust http://127.0.0.1:11434")
      assert.include(message, "plugins.ml_commons.connector.private_ip_enabled")
    }),
  )
})
