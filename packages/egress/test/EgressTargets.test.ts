import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, type Scope } from "effect"
import { createServer } from "node:net"
import * as Destination from "../src/Destination.ts"
import { Egress } from "../src/Egress.ts"
import { DnsLookupFailed, EgressError } from "../src/EgressError.ts"
import { EgressPolicy, type Policy } from "../src/EgressPolicy.ts"
import { type Resolution, Resolver } from "../src/Resolver.ts"
import { trustedEndpointDefaults } from "../src/TrustedEndpointDefaults.ts"
import * as Door from "./fixtures/Door.ts"
import * as Wire from "./fixtures/Wire.ts"

/** Something that listens on loopback and must never hear of it. */
const canary = Effect.acquireRelease(
  Effect.promise(() => Wire.listen((socket) => void socket.write(Wire.answer("sung")))),
  (server) => Effect.promise(() => server[Symbol.asyncDispose]()),
)

const send = (url: string, setting: Door.Setting = {}) =>
  Door.open(url).pipe(
    Effect.flatMap((pool) => pool.send(Door.get(url), { ...Door.limits, timeoutMs: 5_000 })),
    Effect.scoped,
    Effect.provide(Door.layer(setting)),
  )

const reasonOf = <A, R>(sending: Effect.Effect<A, EgressError, R>) =>
  sending.pipe(
    Effect.flip,
    Effect.map(({ reason }) => reason),
  )

const loopback = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.0.0.1.",
  "127.00.00.01",
  "2130706433",
  "0x7f000001",
  "0X7F000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "0x7f.0.0.1",
  "017700000001",
  "0177.0.0.1",
  "0177.1",
  "127.0x0.1",
  "%31%32%37.0.0.1",
  "127%2e0%2e0%2e1",
  "127.0.0.2",
  "127.255.255.254",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::0.0.0.1]",
  "[::ffff:127.0.0.1]",
  "[::FFFF:7F00:1]",
  "[0:0:0:0:0:ffff:127.0.0.1]",
  "[0000:0000:0000:0000:0000:ffff:7f00:0001]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "localhost",
  "LOCALHOST",
]

const special = [
  "0",
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "0xa.1",
  "012.0.0.1",
  "167772161",
  "100.64.0.1",
  "100.100.100.200",
  "100.127.255.255",
  "168.63.129.16",
  "169.254.0.1",
  "169.254.169.254",
  "169.254.170.2",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.1",
  "192.168.255.255",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "0xffffffff",
  "[::]",
  "[::10.0.0.1]",
  "[::8.8.8.8]",
  "[::ffff:10.0.0.1]",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::10.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::1]",
  "[100::1]",
  "[2001::1]",
  "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
  "[2001:2::1]",
  "[2001:10::1]",
  "[2001:20::1]",
  "[2001:db8::1]",
  "[2002::1]",
  "[2002:7f00:1::]",
  "[2002:a9fe:a9fe::]",
  "[3fff::1]",
  "[4000::1]",
  "[5f00::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fd20:ce::254]",
  "[fdff:ffff::1]",
  "[fe80::1]",
  "[febf::1]",
  "[fec0::1]",
  "[ff02::1]",
  "[ff0e::1]",
]

const misshapen: ReadonlyArray<readonly [url: string, tag: string]> = [
  ["ftp://HOST/", "UnsupportedScheme"],
  ["file:///etc/passwd", "UnsupportedScheme"],
  ["gopher://HOST/_x", "UnsupportedScheme"],
  ["javascript:alert(1)", "UnsupportedScheme"],
  ["data:text/plain,x", "UnsupportedScheme"],
  ["ws://HOST/", "UnsupportedScheme"],
  ["wss://HOST/", "UnsupportedScheme"],
  ["unix:/var/run/docker.sock", "UnsupportedScheme"],
  ["blob:http://HOST/", "UnsupportedScheme"],
  ["", "InvalidOutboundRequest"],
  ["/latest/meta-data", "InvalidOutboundRequest"],
  ["//HOST/", "InvalidOutboundRequest"],
  ["http:/HOST/", "InvalidOutboundRequest"],
  ["http:HOST/", "InvalidOutboundRequest"],
  ["http:///HOST/", "InvalidOutboundRequest"],
  ["http://", "InvalidOutboundRequest"],
  ["http:\\\\HOST/", "InvalidOutboundRequest"],
  ["http://api.openai.com\\@HOST/", "InvalidOutboundRequest"],
  ["http://api.openai.com\\.HOST/", "InvalidOutboundRequest"],
  ["\thttp://HOST/", "InvalidOutboundRequest"],
  [" http://HOST/", "InvalidOutboundRequest"],
  ["http://HOST/ HTTP/1.1\r\nx: y", "InvalidOutboundRequest"],
  ["http://HOST/\r\nx: y", "InvalidOutboundRequest"],
  ["ht\ntp://HOST/", "InvalidOutboundRequest"],
  ["http://HOST/\u0000", "InvalidOutboundRequest"],
  ["http://HOST/ä", "InvalidOutboundRequest"],
  ["http://①②⑦.⓪.⓪.①/", "InvalidOutboundRequest"],
  ["http://127。0。0。1/", "InvalidOutboundRequest"],
  ["http://ｌｏｃａｌｈｏｓｔ/", "InvalidOutboundRequest"],
  ["http://[::1/", "InvalidOutboundRequest"],
  ["http://[fe80::1%25eth0]/", "InvalidOutboundRequest"],
  ["http://1.2.3.4.5/", "InvalidOutboundRequest"],
  ["http://256.0.0.1/", "InvalidOutboundRequest"],
  ["http://a:65536/", "InvalidOutboundRequest"],
  ["http://HOST/v1/../admin", "InvalidOutboundRequest"],
  ["http://HOST/v1/%2e%2E/admin", "InvalidOutboundRequest"],
  ["http://HOST/./v1", "InvalidOutboundRequest"],
  ["http://HOST/v1/..", "InvalidOutboundRequest"],
  [`http://${"a".repeat(300)}.example/`, "InvalidOutboundRequest"],
  [`http://${"a".repeat(1_000_000)}/`, "InvalidOutboundRequest"],
  ["http://a:b/", "InvalidOutboundRequest"],
  ["http://user@HOST/", "UserInfoInUrl"],
  ["http://user:secret@HOST/", "UserInfoInUrl"],
  ["http://api.openai.com@HOST/", "UserInfoInUrl"],
  ["http://api.openai.com:443@HOST/", "UserInfoInUrl"],
  ["http://@HOST/", "UserInfoInUrl"],
  ["http://:@HOST/", "UserInfoInUrl"],
  ...[0, 1, 22, 25, 53, 110, 143, 389, 465, 587, 993, 6000, 6667, 10080].map(
    (port) => [`http://api.openai.com:${port}/`, "BlockedPort"] as const,
  ),
]

describe("a hostile target is refused, and nobody on loopback hears of it", () => {
  it.effect("by whatever spelling of loopback, at the canary's own port", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const host of loopback)
        for (const url of [`http://${host}:${port}/`, `https://${host}:${port}/`])
          assert.strictEqual((yield* reasonOf(send(url)))._tag, "PrivateAddress", url)
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.effect("at every special address", () =>
    Effect.gen(function* () {
      for (const host of special)
        for (const url of [`http://${host}/latest/meta-data/`, `https://${host}:8443/`])
          assert.strictEqual((yield* reasonOf(send(url)))._tag, "PrivateAddress", url)
    }),
  )

  it.effect("by its shape, scheme, user or port", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const [template, tag] of misshapen) {
        const url = template.replace("HOST", `127.0.0.1:${port}`)
        const reason = yield* reasonOf(send(url, Door.inside))
        assert.strictEqual(reason._tag, tag, JSON.stringify(url))
        assert.notInclude(reason.message, "secret")
      }
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.effect("also where private addresses are open: metadata, link-local, multicast and reserved ones stay shut", () =>
    Effect.gen(function* () {
      const open = /^(10|100|127|172|192\.168|0xa|012|167772161)\.?|fc00|fdff|::ffff:10|64:ff9b::10|::1\]$|localhost/i
      for (const host of special.filter((host) => !open.test(host) || host === "100.100.100.200")) {
        const reason = yield* reasonOf(send(`http://${host}/`, Door.inside))
        assert.strictEqual(reason._tag, "PrivateAddress", host)
        assert.include(reason.message, "no setting opens it")
      }
    }),
  )
})

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

const door = (resolver: Layer.Layer<Resolver>, policy: Policy = Door.policy()) =>
  Egress.layer().pipe(Layer.provide(resolver), Layer.provide(EgressPolicy.layer(policy)))

describe("a name is as good as the addresses it leads to", () => {
  const pool = Door.open("http://models.example", { connectTimeoutMs: 1_000 })
  const call = (url = "http://models.example/") => Effect.flatMap(pool, (pool) => pool.send(Door.get(url), Door.limits))

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
  it.effect("one bad address among good ones is enough to refuse", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const addresses of answers) {
        const reason = yield* call().pipe(Effect.scoped, Effect.provide(door(resolving([addresses], port))), reasonOf)
        assert.strictEqual(reason._tag, "PrivateAddress", addresses.join())
        assert.match(reason.message, /^Remote inference host name has private ip address: models\.example/)
      }
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.live("a name that changes its mind is asked once for each connection, and what was checked is connected to", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      // Permitted at first, then not: each connection stands on the answer that was checked for it.
      const flipping = resolving([["127.0.0.1"], ["169.254.169.254"]], port)
      const result = yield* Effect.gen(function* () {
        const rebinding = yield* pool
        const ask = rebinding.send(
          { ...Door.get("http://models.example/"), headers: { connection: "close" } },
          Door.limits,
        )
        yield* ask
        return yield* reasonOf(ask)
      }).pipe(Effect.scoped, Effect.provide(door(flipping, Door.policy({ privateAddresses: true }))))
      assert.strictEqual(result._tag, "PrivateAddress")
      assert.strictEqual(sockets.length, 1)
    }),
  )

  it.effect("the operator's own list of addresses is shut too, in whatever wrapping", () =>
    Effect.gen(function* () {
      for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"]) {
        const policy = Door.policy({ privateAddresses: true, restrictedAddresses: ["10\\.1\\..*"] })
        const reason = yield* call().pipe(
          Effect.scoped,
          Effect.provide(door(resolving([[address]], 80), policy)),
          reasonOf,
        )
        assert.strictEqual(reason._tag, "RestrictedAddress")
        assert.match(reason.message, /^Remote inference host name has restricted ip address: models\.example/)
      }
    }),
  )

  it.live("a list of private endpoints holds for each request, also on a connection that is open already", () =>
    Effect.gen(function* () {
      const { port, sockets, received } = yield* canary
      const policy = Door.policy({
        privateAddresses: true,
        trustedPrivateEndpoints: ["^http://models\\.example/v1/.*$"],
      })
      yield* Effect.gen(function* () {
        const bound = yield* pool
        const get = (path: string) => bound.send(Door.get(`http://models.example${path}`), Door.limits)
        const first = yield* reasonOf(get("/admin"))
        assert.strictEqual(sockets.length, 0)
        yield* get("/v1/a")
        const second = yield* reasonOf(get("/admin"))
        for (const reason of [first, second])
          assert.match(reason.message, /^Connector URL is not matching the trusted connector private endpoint regex/)
        yield* get("/v1/b")
      }).pipe(Effect.scoped, Effect.provide(door(resolving([["127.0.0.1"]], port), policy)))
      assert.strictEqual(sockets.length, 1)
      assert.notInclude(received.join(""), "/admin")
    }),
  )

  it.effect("a name that is not known is named, and may be tried again", () =>
    Effect.gen(function* () {
      const unknown = Layer.succeed(Resolver, {
        resolve: (host: string) => Effect.fail(EgressError.from(new DnsLookupFailed({ host, code: "ENOTFOUND" }))),
      })
      const reason = yield* call().pipe(Effect.scoped, Effect.provide(door(unknown)), reasonOf)
      assert.match(reason.message, /^models\.example: Name or service not known/)
      assert.isTrue(reason.retryable)
    }),
  )

  it.live("a port where nobody listens is no connection, and may be tried again", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(freePort)
      const sending = call().pipe(
        Effect.scoped,
        Effect.provide(door(resolving([["127.0.0.1"]], port), Door.policy({ privateAddresses: true }))),
      )
      const reason = yield* reasonOf(sending)
      assert.deepInclude({ ...reason }, { _tag: "ConnectFailed", code: "ECONNREFUSED" })
      assert.isTrue(reason.retryable)
    }),
  )
})

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
      const pool = yield* Door.open(url)
      yield* pool.send(Door.get(url), Door.limits)
      change()
      return yield* reasonOf(pool.send(Door.get(url), Door.limits))
    }).pipe(Effect.scoped, Effect.provide(Egress.layer().pipe(Layer.provide(Resolver.layer), Layer.provide(layer))))
    assert.strictEqual(reason._tag, tag)
    assert.strictEqual(sockets.length, 1)
  })

describe("settings that change hold at once", () => {
  const open = Door.policy({ privateAddresses: true })
  it.live("private addresses, although a connection to one is open", () =>
    scenario(open, Door.policy(), "PrivateAddress"),
  )
  it.live("the trusted list", () =>
    scenario(open, Door.policy({ privateAddresses: true, trustedEndpoints: ["api.openai.com"] }), "NotTrusted"),
  )
  it.live("restricted addresses", () =>
    scenario(open, Door.policy({ privateAddresses: true, restrictedAddresses: ["127\\..*"] }), "RestrictedAddress"),
  )
})

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

describe("what is trusted is decided by the parsed URL", () => {
  const policy = Door.policy({ trustedEndpoints: trustedEndpointDefaults })
  it.each([
    "https://evil.example/",
    "http://api.openai.com/v1",
    "https://api.openai.com.evil.example/",
    "https://api.openai.com:8443/",
    "https://api.openai.com./",
    "https://evil.example/https://api.openai.com/",
    "https://evil.example/?https://api.openai.com/",
    "https://evil.example/#https://api.openai.com/",
    "https://api-openai.com/",
    "https://xapi.openai.com/",
    "https://runtime.sagemaker.evil.com/x.amazonaws.com/",
    "https://runtime.sagemaker.evil.com/.amazonaws.com/",
    "https://bedrock-runtime.evil.com/x.amazonaws.com/",
    "https://bedrock-runtime.us-east-1.amazonaws.com.evil.example/",
    "https://bedrock-runtime.evil.elb.amazonaws.com/",
    "https://bedrock-runtime.amazonaws.com/",
    "https://openai.azure.com/",
    "https://a.b.openai.azure.com/",
    "https://.openai.azure.com/",
    "https://evilopenai.azure.com/",
    "https://comprehend.evil.com?.amazonaws.com",
  ])("%s is not", (url) => {
    const reason = Result.flip(Destination.make(url, policy)).pipe(
      Result.map(({ reason }) => reason),
      Result.getOrThrow,
    )
    assert.strictEqual(reason._tag, "NotTrusted")
  })

  it("a refusal shows the URL without its query, the nearest entry and the setting", () => {
    const { message } = Result.getOrThrow(Result.flip(Destination.make("https://api.opena1.com/v1?key=secret", policy)))
    assert.strictEqual(
      message,
      "Connector URL is not matching the trusted connector endpoint regex: https://api.opena1.com/v1. The nearest entry of plugins.ml_commons.trusted_connector_endpoints_regex is ^https://api\\.openai\\.com/.*$; correct the URL, or add its host to that setting",
    )
  })

  it("an empty list trusts nobody and says so", () => {
    const empty = Door.policy({ trustedEndpoints: [] })
    assert.strictEqual(
      Result.getOrThrow(Result.flip(Destination.make("https://api.openai.com/", empty))).message,
      "Trusted connector endpoints regex is not configured. Please set plugins.ml_commons.trusted_connector_endpoints_regex.",
    )
  })
})

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
