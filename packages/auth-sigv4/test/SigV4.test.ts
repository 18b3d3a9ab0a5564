import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as SigV4 from "../src/SigV4.ts"

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "do-not-show-this" }
const scope = { region: "us-west-2", service: "sagemaker" }
const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const request = {
  method: "POST",
  url: "https://runtime.sagemaker.us-west-2.amazonaws.com/endpoints/e/invocations",
  headers: { "Content-Type": "application/json" },
  body: '{"inputs":"hello"}',
} satisfies SigV4.Request

const sign = async (changed: Partial<SigV4.Request>, changedScope: Partial<SigV4.Scope> = {}) =>
  Result.getOrThrow(await SigV4.sign({ ...request, ...changed }, credentials, { ...scope, ...changedScope }, time))

const sha256 = (body: string) => createHash("sha256").update(body).digest("hex")

describe("the headers to send", () => {
  it("are all in lower case, with the host, the date and the authorization", async () => {
    const { headers } = await sign({})
    assert.deepStrictEqual(Object.keys(headers).toSorted(), ["authorization", "content-type", "host", "x-amz-date"])
    assert.strictEqual(headers["host"], "runtime.sagemaker.us-west-2.amazonaws.com")
    assert.strictEqual(headers["x-amz-date"], "20260102T030405Z")
  })

  it.each(["required", "UNSIGNED-PAYLOAD", sha256("another body"), ""])(
    "say the body's hash where x-amz-content-sha256 says %j",
    async (marker) => {
      const { headers } = await sign({ headers: { "X-Amz-Content-Sha256": marker } })
      assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
      assert.include(headers["authorization"], "SignedHeaders=host;x-amz-content-sha256;x-amz-date,")
    },
  )

  it("say the body's hash unasked where the service is S3", async () => {
    const { headers } = await sign({}, { service: "s3" })
    assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
  })

  it.each(["bedrock", "aoss"])(
    "sign the body's hash for %s where the scope asks for it, and only there",
    async (service) => {
      const { headers } = await sign({}, { service, contentSha256: "signed" })
      assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
      assert.include(headers["authorization"], ";x-amz-content-sha256;")
      assert.notProperty((await sign({}, { service })).headers, "x-amz-content-sha256")
    },
  )

  it("name the host of the URL, with its port, whatever host the request names", async () => {
    const { headers } = await sign({ url: "https://127.0.0.1:8443/x", headers: { Host: "elsewhere.example" } })
    assert.strictEqual(headers["host"], "127.0.0.1:8443")
  })

  it("join what differs only in case", async () => {
    const { headers } = await sign({ headers: { "X-A": "1", "x-a": " 2 " } })
    assert.strictEqual(headers["x-a"], "1,2")
  })

  it("replace an authorization and a date that the request brings", async () => {
    const brought = { Authorization: "Bearer k", Date: "yesterday", "X-Amz-Date": "19700101T000000Z" }
    const { headers } = await sign({ headers: brought })
    assert.deepStrictEqual(headers, (await sign({ headers: {} })).headers)
  })
})

describe("the URL to send", () => {
  it.each(["https://h/a/../b", "https://h//a//", "https://h/a:b%3Ac?x=%2F/&x=1&a"])(
    "is %s as it was given",
    async (url) => {
      assert.strictEqual((await sign({ url })).url, url)
    },
  )

  it("is what a URL serialises to, without its fragment and its password", async () => {
    const url = new URL("https://user:word@h/é b/../c d?q=é#part")
    assert.strictEqual((await sign({ url })).url, "https://h/c%20d?q=%C3%A9")
  })
})

it("one request at one time has one signature, however often and for however many credentials it is signed", async () => {
  const first = await sign({})
  for (let other = 0; other < 60; other++) {
    await SigV4.sign(request, { ...credentials, accessKeyId: `OTHER${other}` }, scope, time)
  }
  SigV4.forgetKeys()
  assert.deepStrictEqual(await sign({}), first)
})

describe("a request is refused, with no secret and no value shown,", () => {
  interface Change {
    readonly request?: object
    readonly credentials?: Partial<SigV4.Credentials>
    readonly scope?: Partial<SigV4.Scope>
    readonly time?: number
  }
  const cases: ReadonlyArray<readonly [why: string, reason: string, change: Change]> = [
    [
      "where a header's value has a line break",
      "UnsendableHeader",
      { request: { headers: { a: "b\r\ndo-not-show-this: 1" } } },
    ],
    [
      "where a header's name has a line break",
      "UnsendableHeader",
      { request: { headers: { "a\ndo-not-show-this": "b" } } },
    ],
    ["where a header is not ASCII", "UnsendableHeader", { request: { headers: { a: "é" } } }],
    ["where the method has a line break", "UnsendableMethod", { request: { method: "GET\n" } }],
    ["where the URL has a line break", "UnsendableUrl", { request: { url: "https://h/a\nb" } }],
    ["where the URL has a space", "UnsendableUrl", { request: { url: "https://h/a b" } }],
    ["where the URL is relative", "UnsendableUrl", { request: { url: "/a" } }],
    ["where the URL is not of HTTP", "UnsendableUrl", { request: { url: "ftp://h/a" } }],
    ["where the query is not UTF-8", "UnsendableUrl", { request: { url: "https://h/a?b=%FF" } }],
    ["where the URL is signed already", "AlreadySigned", { request: { url: "https://h/a?X-Amz-Signature=0" } }],
    ["where the body is an object", "UnsignableBody", { request: { body: {} } }],
    ["where the access key has a line break", "UnusableIdentity", { credentials: { accessKeyId: "A\r\nB" } }],
    ["where the secret is empty", "UnusableIdentity", { credentials: { secretAccessKey: "" } }],
    [
      "where the session token has a space",
      "UnusableIdentity",
      { credentials: { sessionToken: "do-not-show-this token" } },
    ],
    ["where the region is empty", "UnusableIdentity", { scope: { region: "" } }],
    ["where the time is not a number", "TimeOutOfRange", { time: Number.NaN }],
    ["where the time is after 9999", "TimeOutOfRange", { time: Date.UTC(10_000, 0) }],
  ]

  it.each(cases)("%s", async (_why, reason, change) => {
    const refused = await SigV4.sign(
      { ...request, ...change.request },
      { ...credentials, ...change.credentials },
      { ...scope, ...change.scope },
      change.time ?? time,
    )
    const error = Result.getOrThrow(Result.flip(refused))
    assert.strictEqual(error.reason._tag, reason)
    assert.notInclude(error.message, "do-not-show-this")
  })

  it.each([0, 604_801, 1.5])("where a presigned URL is to live %d seconds", async (expiresIn) => {
    const refused = await SigV4.presign(request, credentials, scope, time, expiresIn)
    assert.strictEqual(Result.getOrThrow(Result.flip(refused)).reason._tag, "ExpiryOutOfRange")
  })
})
