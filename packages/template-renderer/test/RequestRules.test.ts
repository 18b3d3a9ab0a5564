import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"
import { body, type Call, header, supplied, url, type Values, withoutBody } from "./render.ts"
import { table } from "./RuleTable.ts"

describe("R6 only the author sets the origin", () => {
  const regional = "https://bedrock.${parameters.region}.example/m"
  table(
    [
      ["placeholders in the host", regional, { region: "us" }, {}, "https://bedrock.us.example/m"],
      ["scheme and port", "${parameters.s}://h:${parameters.p}/", { s: "http", p: "8080" }, {}, "http://h:8080/"],
      ["a default", "https://${parameters.h:-a.example}/", {}, {}, "https://a.example/"],
      [
        "an author's template",
        "https://${parameters.h}/",
        { h: "${parameters.x}.example", x: "a" },
        {},
        "https://a.example/",
      ],
      ["the caller sends the same value", regional, { region: "us" }, { region: "us" }, "https://bedrock.us.example/m"],
      ["the caller sends another value", regional, { region: "us" }, { region: "eu" }, "call: FixedParameter"],
      ["the caller sends null", regional, { region: "us" }, { region: null }, "call: FixedParameter"],
      [
        "a signing name outside the URL",
        "https://a.example/",
        { service_name: "s" },
        { service_name: "t" },
        "call: FixedParameter",
      ],
      [
        "a part of an author's template",
        "https://${parameters.h}/",
        { h: "${parameters.x}.example", x: "a" },
        { x: "b" },
        "call: FixedParameter",
      ],
      ["without a value", regional, {}, { region: "us" }, "document: UnfilledOrigin"],
      ["a user", "https://a:b@c.example/", {}, {}, "document: InvalidOrigin"],
      ["a backslash", "https://a.example\\b/", {}, {}, "document: InvalidOrigin"],
      ["no scheme", "YOUR FUNCTION URL", {}, {}, "document: InvalidOrigin"],
      ["another scheme", "file:///etc/passwd", {}, {}, "document: InvalidOrigin"],
      ["a blank of the publisher", "https://<YOUR REGION>.example/", {}, {}, "document: InvalidOrigin"],
      ["a fragment", "https://a.example/#b", {}, {}, "document: InvalidOrigin"],
      ["a credential", "https://a.example/${credential.key}", {}, {}, "document: CredentialOutsideHeader"],
    ],
    (template, call) => url(template, call),
  )

  it("reports missing parameters before a fixed one", () => {
    const call = { author: { region: "us" }, caller: { region: "eu" } }
    expect(url("https://${parameters.region}.example/${parameters.m}", call)).toBe("call: MissingParameters")
  })

  it("serialises the origin like URL", () => {
    expect(Result.getOrThrow(UrlTemplate.compile("HTTPS://A.Example:443/x", {})).origin).toBe("https://a.example")
  })

  const target: Call = { author: { api: "C_${parameters.version}", version: "1" } }
  it("applies to x-amz-* headers", () => {
    expect(header("X-Amz-Target", "${parameters.api}", target)).toBe("C_1")
    expect(header("X-Amz-Target", "${parameters.api}", { ...target, caller: { api: "C_1" } })).toBe("C_1")
    expect(header("X-Amz-Target", "${parameters.api}", { ...target, caller: { version: "2" } })).toBe(
      "call: FixedParameter",
    )
    expect(header("X-Amz-Target", "${parameters.api}", { caller: { api: "C_1" } })).toBe("document: UnfilledOrigin")
    expect(header("X-Amz-Security-Token", "${credential.key}", {})).toBe("secret of key")
  })

  it("holds for no name beyond those that are handed in", () => {
    const call = supplied({ caller: { region: "eu", api: "C_2", skip_validating_missing_parameters: "true" } })
    const plain = Result.getOrThrow(UrlTemplate.compile("https://a.example/", { region: "us" }))
    expect(plain.fixed.size).toBe(0)
    expect(Result.isSuccess(UrlTemplate.render(plain, call))).toBe(true)
    const headers = Result.getOrThrow(
      HeadersTemplate.compile({ "x-amz-target": "${parameters.api}" }, { api: "C_1" }, []),
    )
    expect(Result.getOrThrow(HeadersTemplate.render(headers, call, String))).toEqual({ "x-amz-target": "C_2" })
    const unfilled = Result.getOrThrow(BodyTemplate.compile('{"a":"${parameters.a}"}', {}))
    expect(BodyTemplate.missing(unfilled, call)).toEqual(["a"])
  })

  it("knows the members of a credential map, and of no other credential", () => {
    expect(header("x-test", "${credential.secretArn.token}", {})).toBe("secret of secretArn.token")
    expect(header("x-test", "${credential.key.token}", {})).toBe("document: UnknownCredential")
  })
})

/** A value that makes `https://a.example/v1?q=…&r=1` that many bytes long. */
const long = (bytes: number) => "a".repeat(bytes - "https://a.example/v1?q=&r=1".length)

describe("R7 a caller fills one segment or one value", () => {
  const path = "https://a.example/v1/${parameters.m}/invoke"
  const query = "https://a.example/v1?q=${parameters.q}&r=1"
  table(
    [
      ["a name", path, {}, { m: "claude-v1:0" }, "https://a.example/v1/claude-v1:0/invoke"],
      [
        "characters that would leave the segment",
        path,
        {},
        { m: "a/b?c#d%2F e" },
        "https://a.example/v1/a%2Fb%3Fc%23d%252F%20e/invoke",
      ],
      ["letters beyond ASCII", path, {}, { m: "é😀" }, "https://a.example/v1/%C3%A9%F0%9F%98%80/invoke"],
      ["half a surrogate pair", path, {}, { m: "\ud800" }, "https://a.example/v1/%EF%BF%BD/invoke"],
      ["a number", path, {}, { m: 7 }, "https://a.example/v1/7/invoke"],
      [".", path, {}, { m: "." }, "call: InvalidPathSegment"],
      ["..", path, {}, { m: ".." }, "call: InvalidPathSegment"],
      ["nothing", path, {}, { m: "" }, "call: InvalidPathSegment"],
      ["half of ..", "https://a.example/.${parameters.m}", {}, { m: "." }, "call: InvalidPathSegment"],
      [
        "two halves of ..",
        "https://a.example/${parameters.d}${parameters.m}",
        { d: "%2e" },
        { m: "." },
        "call: InvalidPathSegment",
      ],
      [
        "an author's path",
        path,
        { m: "a/b:c%2Fd%zz é?#" },
        {},
        "https://a.example/v1/a/b:c%2Fd%25zz%20%C3%A9%3F%23/invoke",
      ],
      ["an author's dots", path, { m: ".." }, {}, "document: InvalidPathSegment"],
      ["dots in the template", "https://a.example/a/%2E%2e/b", {}, {}, "document: InvalidPathSegment"],
      ["empty segments are kept", "https://${parameters.h}/v1", { h: "a.example/" }, {}, "https://a.example//v1"],
      [
        "a path in the host's parameter",
        "https://${parameters.h}/v1",
        { h: "a.example/x y?z=" },
        {},
        "https://a.example/x%20y?z=/v1",
      ],
      ["a query value", query, {}, { q: "a&r=2+'/é" }, "https://a.example/v1?q=a%26r%3D2%2B%27%2F%C3%A9&r=1"],
      ["an empty query value", query, {}, { q: "" }, "https://a.example/v1?q=&r=1"],
      ["an author's query", query, { q: "a&b='%20" }, {}, "https://a.example/v1?q=a&b=%27%20&r=1"],
      ["no path", "https://a.example?q=${parameters.q}", {}, { q: "1" }, "https://a.example/?q=1"],
      ["braces of the publisher", "https://a.example/{{name}}", {}, {}, "https://a.example/%7B%7Bname%7D%7D"],
      ["16 KiB", query, {}, { q: long(16_384) }, `https://a.example/v1?q=${long(16_384)}&r=1`],
      ["more than 16 KiB", query, {}, { q: long(16_385) }, "call: UrlTooLong"],
      ["more than 16 KiB once it is encoded", path, {}, { m: "é".repeat(3_000) }, "call: UrlTooLong"],
      ["more than 16 KiB together", query + "&s=${parameters.q}", {}, { q: "a".repeat(9_000) }, "call: UrlTooLong"],
      ["far more, which is not encoded first", query, {}, { q: "\u20ac".repeat(20_000_000) }, "call: UrlTooLong"],
      ["absent", path, {}, {}, "call: MissingParameters"],
      ["a default", "https://a.example/${parameters.m:-small}", {}, {}, "https://a.example/small"],
    ],
    (template, call) => {
      const rendered = url(template, call)
      if (rendered.startsWith("https:")) expect(new URL(rendered).href).toBe(rendered)
      return rendered
    },
  )

  it("keeps the slashes of a process function's result, but no dots", () => {
    expect(url(path, { runtime: { m: "a/b" } })).toBe("https://a.example/v1/a/b/invoke")
    expect(url(path, { runtime: { m: "a/../b" } })).toBe("call: InvalidPathSegment")
  })
})

describe("R8 headers and other bodies", () => {
  table(
    [
      ["a credential", "Bearer ${credential.key}", {}, {}, "Bearer secret of key"],
      ["a parameter", "${parameters.x};q=1", {}, { x: "a/b é" }, "a/b é;q=1"],
      ["an author's parameter", "${parameters.x}", { x: "a ${parameters.y}" }, { y: "b" }, "a b"],
      ["a number", "${parameters.x}", {}, { x: 1.5 }, "1.5"],
      ["an unknown credential", "${credential.other}", {}, {}, "document: UnknownCredential"],
      [
        "a credential by way of a parameter",
        "${parameters.x}",
        { x: "${credential.key}" },
        {},
        "document: CredentialOutsideHeader",
      ],
      ["a caller's text is not interpreted", "${parameters.x}", {}, { x: "${credential.key}" }, "${credential.key}"],
      ["a tab", "${parameters.x}", {}, { x: "a\tb" }, "a\tb"],
      ["a line break", "${parameters.x}", {}, { x: "a\r\nHost: b" }, "call: InvalidHeaderValue"],
      ["NUL", "${parameters.x}", {}, { x: "\u0000" }, "call: InvalidHeaderValue"],
      ["beyond Latin-1", "${parameters.x}", {}, { x: "€" }, "call: InvalidHeaderValue"],
      ["a line break in the document", "a\nb", {}, {}, "document: InvalidHeaderValue"],
      ["8 KiB", "${parameters.x}", {}, { x: "a".repeat(8192 - 6) }, "a".repeat(8192 - 6)],
      ["more than 8 KiB", "${parameters.x}", {}, { x: "a".repeat(8193 - 6) }, "call: HeaderTooLarge"],
      ["absent", "${parameters.x}", {}, {}, "call: MissingParameters"],
    ],
    (value, call) => header("x-test", value, call),
  )

  it.each([...HeadersTemplate.protectedNames])("rejects parameters in %s, including the author's", (name) => {
    expect(header(name.toUpperCase(), "${parameters.x}", { author: { x: "1" } })).toBe("document: ProtectedHeader")
  })

  it("rejects an invalid name, so that it cannot contain a placeholder", () => {
    expect(header("x-${parameters.x}", "1", {})).toBe("document: InvalidHeaderName")
    for (const name of ["Content-Length", "transfer-encoding", "Upgrade", "Expect", "Keep-Alive"])
      expect(header(name, "1", {})).toBe("document: HopHeader")
  })

  it.each([
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Trailers",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
  ])("rejects %s, which applies to one connection, as constant and as parameter", (name) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(header(spelled, "close", {})).toBe("document: HopHeader")
      expect(header(spelled, "${parameters.x}", { caller: { x: "1" } })).toMatch(/^document: (Hop|Protected)Header$/)
    }
  })

  it("rejects more than 64 KiB in total", () => {
    const headers = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}`, "${parameters.x}"]))
    const template = Result.getOrThrow(HeadersTemplate.compile(headers, {}, []))
    const rendered = HeadersTemplate.render(template, supplied({ caller: { x: "a".repeat(8000) } }), String)
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Total headers size (key + value) exceeds 64KB limit",
    )
  })

  it.each([
    ["text/plain", "a ${parameters.x}", { x: '"\n' }, 'a "\n'],
    ["text/csv; charset=utf-8", "${parameters.x}", { x: "1,2" }, "1,2"],
    ["text/csv", "${parameters.x}", { x: [1] }, "[1]"],
    ["application/json", "${parameters.x}", { x: "1,2" }, "call: NotAJsonValue"],
    ["application/vnd.api+json", "${parameters.x}", { x: "{}" }, "{}"],
    ["application/x-ndjson", "${parameters.x}\n", { x: '{"a":\n1}' }, '{"a": 1}\n'],
    ["application/json", "a", {}, "document: Malformed"],
  ])("as %s, %s filled with %j is %j", (contentType, source, caller, out) => {
    expect(body(source, { contentType, caller })).toBe(out)
  })

  it("sends http_body if request_body is absent", () => {
    const template = Result.getOrThrow(BodyTemplate.compile(withoutBody, {}))
    const send = (caller: Values) => BodyTemplate.render(template, supplied({ caller }))
    expect(Result.getOrThrow(send({ http_body: '{"q":1}' }))).toBe('{"q":1}')
    expect(Result.getOrThrow(send({ http_body: { q: 1 } }))).toBe('{"q":1}')
    expect(Result.getOrThrow(send({}))).toBe("")
    expect(Result.isFailure(send({ http_body: "q" }))).toBe(true)
    expect(BodyTemplate.missing(template, supplied({}))).toEqual([])
  })
})

describe("a header value that cannot be sent", () => {
  it.each([
    [
      "a line break in a parameter",
      "${parameters.x}",
      { x: "abc\n" },
      "Parameter 'x' has a line break at character 4 of 4",
    ],
    ["a line break in a default", "a ${parameters.x:-b\r} c", {}, "Parameter 'x' has a line break at character 2 of 2"],
    [
      "a snowman in a parameter",
      "a ${parameters.x} b",
      { x: "☃" },
      "Parameter 'x' has the character U+2603 at character 1 of 1",
    ],
    ["a NUL in the text beside a placeholder", "a\u0000 ${parameters.x}", {}, "Its value has a NUL at character 2"],
    [
      "a control character in the text",
      "a\u0001",
      {},
      "Its value has the control character U+0001 at character 2 of 2",
    ],
  ])("%s is rejected on create, with its position", (_, value, author, sentence) => {
    const compiled = HeadersTemplate.compile({ "X-A": value }, author, [])
    expect(Result.isFailure(compiled) && compiled.failure.reason._tag).toBe("InvalidHeaderValue")
    expect(Result.isFailure(compiled) && compiled.failure.message).toContain(sentence)
  })
})
