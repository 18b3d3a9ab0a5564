import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Destination from "../src/Destination.ts"
import { trustedEndpointDefaults } from "../src/TrustedEndpointDefaults.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import { canary, reasonOf, send } from "./fixtures/Canary.ts"

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

describe("rejects hostile targets without connecting to loopback", () => {
  it.effect("every notation of loopback, at the listener's port", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const host of loopback)
        for (const url of [`http://${host}:${port}/`, `https://${host}:${port}/`])
          assert.strictEqual((yield* reasonOf(send(url)))._tag, "PrivateAddress", url)
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.effect("every special-purpose address", () =>
    Effect.gen(function* () {
      for (const host of special)
        for (const url of [`http://${host}/latest/meta-data/`, `https://${host}:8443/`])
          assert.strictEqual((yield* reasonOf(send(url)))._tag, "PrivateAddress", url)
    }),
  )

  it.effect("an invalid form, scheme, user or port", () =>
    Effect.gen(function* () {
      const { port, sockets } = yield* canary
      for (const [template, tag] of misshapen) {
        const url = template.replace("HOST", `127.0.0.1:${port}`)
        const reason = yield* reasonOf(send(url, TestEgress.inside))
        assert.strictEqual(reason._tag, tag, JSON.stringify(url))
        assert.notInclude(reason.message, "secret")
      }
      assert.strictEqual(sockets.length, 0)
    }),
  )

  it.effect("metadata, link-local, multicast and reserved addresses even if private addresses are allowed", () =>
    Effect.gen(function* () {
      const open = /^(10|100|127|172|192\.168|0xa|012|167772161)\.?|fc00|fdff|::ffff:10|64:ff9b::10|::1\]$|localhost/i
      for (const host of special.filter((host) => !open.test(host) || host === "100.100.100.200")) {
        const reason = yield* reasonOf(send(`http://${host}/`, TestEgress.inside))
        assert.strictEqual(reason._tag, "PrivateAddress", host)
        assert.include(reason.message, "no setting allows it")
      }
    }),
  )
})

describe("decides trust by the parsed URL", () => {
  const policy = TestEgress.policy({ trustedEndpoints: trustedEndpointDefaults })
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
  ])("rejects %s", (url) => {
    const reason = Result.flip(Destination.make(url, policy)).pipe(
      Result.map(({ reason }) => reason),
      Result.getOrThrow,
    )
    assert.strictEqual(reason._tag, "NotTrusted")
  })

  it("reports the URL without its query, the most similar entry and the setting", () => {
    const { message } = Result.getOrThrow(Result.flip(Destination.make("https://api.opena1.com/v1?key=secret", policy)))
    assert.strictEqual(
      message,
      "Connector URL is not matching the trusted connector endpoint regex: https://api.opena1.com/v1. The nearest entry of plugins.ml_commons.trusted_connector_endpoints_regex is ^https://api\\.openai\\.com/.*$; correct the URL, or allow this host: drawbar trust https://api.opena1.com",
    )
  })

  it("rejects every URL if the list is empty, and names the setting", () => {
    const empty = TestEgress.policy({ trustedEndpoints: [] })
    assert.strictEqual(
      Result.getOrThrow(Result.flip(Destination.make("https://api.openai.com/", empty))).message,
      "Trusted connector endpoints regex is not configured. Please set plugins.ml_commons.trusted_connector_endpoints_regex. To allow this host only: drawbar trust https://api.openai.com",
    )
  })
})
