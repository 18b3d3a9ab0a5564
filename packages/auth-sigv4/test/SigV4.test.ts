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

describe("signed headers", () => {
  it("are all in lower case, and include host, date and authorization", async () => {
    const { headers } = await sign({})
    assert.deepStrictEqual(Object.keys(headers).toSorted(), ["authorization", "content-type", "host", "x-amz-date"])
    assert.strictEqual(headers["host"], "runtime.sagemaker.us-west-2.amazonaws.com")
    assert.strictEqual(headers["x-amz-date"], "20260102T030405Z")
  })

  it.each(["required", "UNSIGNED-PAYLOAD", sha256("another body"), ""])(
    "contain the body's hash if x-amz-content-sha256 is %j",
    async (marker) => {
      const { headers } = await sign({ headers: { "X-Amz-Content-Sha256": marker } })
      assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
      assert.include(headers["authorization"], "SignedHeaders=host;x-amz-content-sha256;x-amz-date,")
    },
  )

  it("contain the body's hash by default if the service is S3", async () => {
    const { headers } = await sign({}, { service: "s3" })
    assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
  })

  it.each(["bedrock", "aoss"])("include the body's hash for %s only if the scope requires it", async (service) => {
    const { headers } = await sign({}, { service, contentSha256: "signed" })
    assert.strictEqual(headers["x-amz-content-sha256"], sha256(request.body))
    assert.include(headers["authorization"], ";x-amz-content-sha256;")
    assert.notProperty((await sign({}, { service })).headers, "x-amz-content-sha256")
  })

  it("use the host and port of the URL, whatever host the request sets", async () => {
    const { headers } = await sign({ url: "https://127.0.0.1:8443/x", headers: { Host: "elsewhere.example" } })
    assert.strictEqual(headers["host"], "127.0.0.1:8443")
  })

  it("join names that differ only in case", async () => {
    const { headers } = await sign({ headers: { "X-A": "1", "x-a": " 2 " } })
    assert.strictEqual(headers["x-a"], "1,2")
  })

  it("replace an existing authorization and date", async () => {
    const brought = { Authorization: "Bearer k", Date: "yesterday", "X-Amz-Date": "19700101T000000Z" }
    const { headers } = await sign({ headers: brought })
    assert.deepStrictEqual(headers, (await sign({ headers: {} })).headers)
  })
})

describe("signed URL", () => {
  it.each(["https://h/a/../b", "https://h//a//", "https://h/a:b%3Ac?x=%2F/&x=1&a"])(
    "keeps %s unchanged",
    async (url) => {
      assert.strictEqual((await sign({ url })).url, url)
    },
  )

  it("is the serialisation of a URL object, without fragment and password", async () => {
    const url = new URL("https://user:word@h/é b/../c d?q=é#part")
    assert.strictEqual((await sign({ url })).url, "https://h/c%20d?q=%C3%A9")
  })
})

it("signs a request at a given time identically, for repeated calls and many credentials", async () => {
  const first = await sign({})
  for (let other = 0; other < 60; other++) {
    await SigV4.sign(request, { ...credentials, accessKeyId: `OTHER${other}` }, scope, time)
  }
  SigV4.forgetKeys()
  assert.deepStrictEqual(await sign({}), first)
})

describe("rejects, without showing a secret or a value,", () => {
  interface Change {
    readonly request?: object
    readonly credentials?: Partial<SigV4.Credentials>
    readonly scope?: Partial<SigV4.Scope>
    readonly time?: number
  }
  const cases: ReadonlyArray<readonly [why: string, reason: string, change: Change]> = [
    [
      "a header value with a line break",
      "UnsendableHeader",
      { request: { headers: { a: "b\r\ndo-not-show-this: 1" } } },
    ],
    ["a header name with a line break", "UnsendableHeader", { request: { headers: { "a\ndo-not-show-this": "b" } } }],
    ["a header that is not ASCII", "UnsendableHeader", { request: { headers: { a: "é" } } }],
    ["a method with a line break", "UnsendableMethod", { request: { method: "GET\n" } }],
    ["a URL with a line break", "UnsendableUrl", { request: { url: "https://h/a\nb" } }],
    ["a URL with a space", "UnsendableUrl", { request: { url: "https://h/a b" } }],
    ["a relative URL", "UnsendableUrl", { request: { url: "/a" } }],
    ["a URL that is not HTTP", "UnsendableUrl", { request: { url: "ftp://h/a" } }],
    ["a query that is not UTF-8", "UnsendableUrl", { request: { url: "https://h/a?b=%FF" } }],
    ["a URL that is already signed", "AlreadySigned", { request: { url: "https://h/a?X-Amz-Signature=0" } }],
    ["a body that is an object", "UnsignableBody", { request: { body: {} } }],
    ["an access key with a line break", "UnusableIdentity", { credentials: { accessKeyId: "A\r\nB" } }],
    ["an empty secret", "UnusableIdentity", { credentials: { secretAccessKey: "" } }],
    ["a session token with a space", "UnusableIdentity", { credentials: { sessionToken: "do-not-show-this token" } }],
    ["an empty region", "UnusableIdentity", { scope: { region: "" } }],
    ["a time that is not a number", "TimeOutOfRange", { time: Number.NaN }],
    ["a time after 9999", "TimeOutOfRange", { time: Date.UTC(10_000, 0) }],
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

  it.each([0, 604_801, 1.5])("a presigned URL that is valid for %d seconds", async (expiresIn) => {
    const refused = await SigV4.presign(request, credentials, scope, time, expiresIn)
    assert.strictEqual(Result.getOrThrow(Result.flip(refused)).reason._tag, "ExpiryOutOfRange")
  })
})
