import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope } from "effect"
import { once } from "node:events"
import { request } from "node:http"
import { connect } from "node:net"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import * as HttpServer from "@drawbar/http-server/http/HttpServer"
import * as EchoServer from "./EchoServer.ts"
import { type Answered, exchange, raw, type Sent } from "./Exchange.ts"

const asJson = "Send the body as JSON in UTF-8, with the header Content-Type: application/json"

const asked = (sent: Sent, options?: Parameters<typeof EchoServer.listen>[0]) =>
  Effect.scoped(Effect.flatMap(EchoServer.listen(options), ({ port }) => Effect.promise(() => exchange(port, sent))))

const until = (holds: () => boolean) => Effect.repeat(Effect.sleep(5), { until: holds })

interface Case {
  readonly name: string
  readonly sent: Sent
  readonly status: number
  readonly body?: unknown
  readonly holds?: (answered: Answered) => void
}

const json = { "content-type": "application/json" }
const reasonOf = ({ json }: Answered): string => json.error.reason

const cases: ReadonlyArray<Case> = [
  { name: "an endpoint answers", sent: { path: "/things/a" }, status: 200, body: { params: { id: "a" }, query: {} } },
  { name: "a slash at the end means nothing", sent: { path: "/things/a/" }, status: 200 },
  {
    name: "a parameter of the path is percent-decoded",
    sent: { path: "/things/a%20b%2Fc" },
    status: 200,
    body: { params: { id: "a b/c" }, query: {} },
  },
  {
    name: "a broken percent escape is named",
    sent: { path: "/things/%zz" },
    status: 400,
    holds: (it) => assert.include(reasonOf(it), "%25"),
  },
  {
    name: "a literal segment of another method does not match a path parameter",
    sent: { path: "/things/_make" },
    status: 405,
    holds: ({ headers }) => assert.strictEqual(headers.allow, "POST"),
  },
  {
    name: "a body that is missing comes before an unknown query parameter",
    sent: { path: "/things/_make?nope=1", method: "POST", headers: {} },
    status: 400,
    holds: (it) => assert.strictEqual(reasonOf(it), "things need a body"),
  },
  {
    name: "invalid JSON is reported before an unknown query parameter",
    sent: { path: "/things/_make?nope=1", method: "POST", body: '{"name":' },
    status: 400,
    holds: (it) => assert.include(reasonOf(it), "line 1, column 9"),
  },
  {
    name: "an unknown query parameter is refused where the body has no fault",
    sent: { path: "/things/_make?nope=1", method: "POST", body: '{"name":"a"}' },
    status: 400,
    holds: (it) => assert.include(reasonOf(it), "unrecognized parameter: [nope]"),
  },
  {
    name: "a flag that is neither true nor false is refused with its value",
    sent: { path: "/things/a?verbose=banana" },
    status: 400,
    holds: (it) =>
      assert.strictEqual(reasonOf(it), "Failed to parse value [banana] as only [true] or [false] are allowed."),
  },
  {
    name: "an unknown path says so in a sentence without a status",
    sent: { path: "/nothing?x=1" },
    status: 400,
    body: { error: "no handler found for uri [/nothing?x=1] and method [GET]" },
  },
  {
    name: "an empty segment does not match a path parameter",
    sent: { path: "/things//_text", method: "POST" },
    status: 400,
  },
  {
    name: "a wrong method gets a list of the allowed ones",
    sent: { path: "/things/_make", method: "PATCH" },
    status: 405,
    body: {
      error: "Incorrect HTTP method for uri [/things/_make] and method [PATCH], allowed: [POST]",
      status: 405,
    },
    holds: ({ headers }) => assert.strictEqual(headers.allow, "POST"),
  },
  {
    name: "OPTIONS lists the methods",
    sent: { path: "/things/a", method: "OPTIONS" },
    status: 200,
    holds: ({ headers, text }) =>
      assert.deepStrictEqual(
        [headers.allow, headers["content-type"], text],
        ["GET, PUT", "text/plain; charset=UTF-8", ""],
      ),
  },
  {
    name: "HEAD is answered as GET, without a body",
    sent: { path: "/things/a", method: "HEAD" },
    status: 200,
    holds: ({ text, headers }) => {
      assert.strictEqual(text, "")
      assert.strictEqual(Number(headers["content-length"]), '{"params":{"id":"a"},"query":{}}'.length)
    },
  },
  {
    name: "HEAD of what has no GET is a wrong method",
    sent: { path: "/things/_make", method: "HEAD" },
    status: 405,
    holds: ({ text, headers }) => assert.deepStrictEqual([text, headers.allow], ["", "POST"]),
  },
  {
    name: "an answer with a header that HTTP cannot carry fails by itself",
    sent: { path: "/unsendable" },
    status: 500,
    holds: ({ text }) => assert.notInclude(text, "x-said"),
  },
  {
    name: "a body without a type",
    sent: { path: "/things/a", method: "PUT", headers: { "content-length": "2" }, body: "{}" },
    status: 406,
    body: { error: `Content-Type header is missing. ${asJson}`, status: 406 },
  },
  {
    name: "a body of another type",
    sent: { path: "/things/a", method: "PUT", headers: { "content-type": "text/plain" }, body: "{}" },
    status: 406,
    body: { error: `Content-Type header [text/plain] is not supported. ${asJson}`, status: 406 },
  },
  ...[
    "application/json; charset=UTF-8",
    'application/json;charset="utf-8"',
    "application/vnd.opensearch+json;compatible-with=3",
    "Application/JSON",
  ].map((type) => ({
    name: `a body of ${type}`,
    sent: { path: "/things/a", method: "PUT", headers: { "content-type": type }, body: '{"a":1}' },
    status: 200,
    body: { a: 1 },
  })),
  {
    name: "a body in another charset",
    sent: {
      path: "/things/a",
      method: "PUT",
      headers: { "content-type": "application/json; charset=latin1" },
      body: "{}",
    },
    status: 406,
  },
  {
    name: "an empty body needs no type and is an empty object",
    sent: { path: "/things/a", method: "PUT" },
    status: 200,
    body: {},
  },
  {
    name: "an empty body where one is needed",
    sent: { path: "/things/_make", method: "POST", headers: json },
    status: 400,
    holds: ({ json }) =>
      assert.deepStrictEqual([json.error.type, json.error.reason], ["parse_exception", "things need a body"]),
  },
  {
    name: "a body in the query",
    sent: {
      path: `/things/a?source=${encodeURIComponent('{"a":1}')}&source_content_type=application/json`,
      method: "PUT",
    },
    status: 200,
    body: { a: 1 },
  },
  { name: "a body in the query without its type", sent: { path: "/things/a?source={}", method: "PUT" }, status: 400 },
  {
    name: "an unknown parameter with a near one",
    sent: { path: "/things/a?verbos=true" },
    status: 400,
    holds: (it) =>
      assert.strictEqual(
        reasonOf(it),
        "request [/things/a] contains unrecognized parameter: [verbos] -> did you mean [verbose]?",
      ),
  },
  {
    name: "unknown parameters",
    sent: { path: "/things/a?q=1&zzzzzz=2" },
    status: 400,
    holds: (it) =>
      assert.strictEqual(reasonOf(it), "request [/things/a] contains unrecognized parameters: [q], [zzzzzz]"),
  },
  {
    name: "a flag alone is on",
    sent: { path: "/things/a?verbose" },
    status: 200,
    body: { params: { id: "a" }, query: { verbose: "true" } },
  },
  {
    name: "a flag that is neither",
    sent: { path: "/things/a?verbose=maybe" },
    status: 400,
    holds: (it) => assert.include(reasonOf(it), "as only [true] or [false] are allowed"),
  },
  {
    name: "pretty answers",
    sent: { path: "/things/a?pretty" },
    status: 200,
    holds: ({ text }) => assert.include(text, '{\n  "params"'),
  },
  {
    name: "pretty refusals",
    sent: { path: "/nothing?pretty" },
    status: 400,
    holds: ({ text }) => assert.include(text, '{\n  "error"'),
  },
  { name: "human and error_trace are taken", sent: { path: "/things/a?human&error_trace=true" }, status: 200 },
  { name: "format json", sent: { path: "/things/a?format=json" }, status: 200 },
  { name: "another format", sent: { path: "/things/a?format=yaml" }, status: 406 },
  {
    name: "filter_path",
    sent: { path: "/things/a?filter_path=params.i*" },
    status: 200,
    body: { params: { id: "a" } },
  },
  {
    name: "filter_path does not touch refusals",
    sent: { path: "/things/_make?filter_path=x", method: "POST" },
    status: 400,
    holds: (it) => assert.strictEqual(reasonOf(it), "things need a body"),
  },
  {
    name: "an id of the caller comes back",
    sent: { path: "/things/a", headers: { "x-opaque-id": "mine", "x-request-id": "r-1" } },
    status: 200,
    holds: ({ headers }) => assert.deepStrictEqual([headers["x-opaque-id"], headers["x-request-id"]], ["mine", "r-1"]),
  },
  {
    name: "a request id that is none is replaced",
    sent: { path: "/things/a", headers: { "x-request-id": "<script>" } },
    status: 200,
    holds: ({ headers }) => assert.strictEqual(headers["x-request-id"], "test-1"),
  },
  {
    name: "an old path warns",
    sent: { path: "/_plugins/_ml/models/_upload", method: "POST" },
    status: 200,
    holds: ({ headers }) =>
      assert.strictEqual(
        headers.warning,
        '299 Drawbar-0.0.0 "[POST /_plugins/_ml/models/_upload] is deprecated! Use [POST /_plugins/_ml/models/_register] instead."',
      ),
  },
  {
    name: "JSON text goes out as it is",
    sent: { path: "/things/a/_text", method: "POST", headers: json, body: "{ }" },
    status: 200,
    holds: ({ text }) => assert.strictEqual(text, '{"number":1.10,"text":"{ }"}'),
  },
  {
    name: "JSON text keeps its digits when it is filtered",
    sent: { path: "/things/a/_text?filter_path=number&pretty", method: "POST", headers: json, body: "{}" },
    status: 200,
    holds: ({ text }) => assert.strictEqual(text, '{\n  "number": 1.10\n}\n'),
  },
]

const send = (encoding: string, body: Uint8Array, options?: Parameters<typeof EchoServer.listen>[0]) =>
  asked({ path: "/things/a", method: "PUT", headers: { ...json, "content-encoding": encoding }, body }, options)

describe("a body that is compressed", () => {
  const text = JSON.stringify({ name: "packed" })
  it.effect.each([
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("by %s is read", ([encoding, compress]) =>
    Effect.map(send(encoding, compress(text)), ({ status, text: answer }) => {
      assert.strictEqual(status, 200, answer)
      assert.include(answer, "packed")
    }),
  )

  it.effect.each([
    ["that is none", "gzip", Buffer.from(text), 400, "is not gzip"],
    ["that is cut off", "gzip", gzipSync(text).subarray(0, 12), 400, "is not gzip"],
    ["that is a bomb", "gzip", gzipSync(Buffer.alloc(5_000_000)), 413, "larger than 1000 bytes"],
    ["by an unknown coding", "rot13", Buffer.from(text), 406, "Content-Encoding [rot13]"],
  ] as const)("%s is refused", ([_name, encoding, body, status, sentence]) =>
    Effect.map(send(encoding, body, { bodyLimit: 1_000 }), (answer) => {
      assert.strictEqual(answer.status, status, answer.text)
      assert.include(answer.text, sentence)
    }),
  )
})

describe("the wire", () => {
  for (const { name, sent, status, body, holds } of cases)
    it.live(name, () =>
      Effect.map(asked(sent), (answered) => {
        assert.strictEqual(answered.status, status, answered.text)
        if (body !== undefined) assert.deepStrictEqual(answered.json, body)
        holds?.(answered)
      }),
    )

  const hostile: ReadonlyArray<readonly [name: string, body: string | Uint8Array, says: string]> = [
    ["truncated JSON", '{"name":', "line 1, column 9"],
    ["JSON with a trailing brace", '{\n  "name": "a"\n}\n}', "line 4, column 1"],
    ["no object", "[1]", "expecting token of type [START_OBJECT] but found [START_ARRAY]"],
    ["a wrong type", '{"name":7}', "[/name]"],
    ["10^5 levels", "[".repeat(100_000), "nests deeper"],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "UTF-8"],
    ["three quotes", '{"name":"""x"""}', "line 1"],
  ]
  for (const [name, body, says] of hostile)
    it.live(`${name} is refused by place`, () =>
      Effect.map(asked({ method: "POST", path: "/things/_make", body }), (answered) => {
        assert.strictEqual(answered.status, 400)
        assert.include(reasonOf(answered), says)
        assert.strictEqual(answered.json.status, 400)
        const { root_cause, ...error } = answered.json.error
        assert.deepStrictEqual(root_cause, [error])
      }),
    )

  it.live("a wrong value is not repeated", () =>
    Effect.map(
      asked({ method: "POST", path: "/things/_make", body: '{"name":"a","size":"sk-live-123"}' }),
      ({ text }) => assert.notInclude(text, "sk-live"),
    ),
  )

  it.live("names that JavaScript knows are names like any other", () =>
    Effect.map(asked({ method: "PUT", path: "/things/a", body: '{"__proto__":{"x":1},"constructor":2}' }), ({ text }) =>
      assert.strictEqual(text, '{"__proto__":{"x":1},"constructor":2}'),
    ),
  )

  it.live("two members of one name are refused at the place of the second", () =>
    Effect.map(asked({ method: "PUT", path: "/things/a", body: '{"a":1,\n"a":2}' }), ({ status, json }) => {
      assert.strictEqual(status, 400)
      assert.strictEqual(json.error.type, "json_parse_exception")
      assert.match(json.error.reason, /^Duplicate Object property "a" at line 2, column 1 of the request body\b/)
    }),
  )

  it.live("a byte order mark before the body is passed over", () =>
    Effect.map(asked({ method: "PUT", path: "/things/a", body: '\uFEFF{"a":1}' }), ({ json }) =>
      assert.deepStrictEqual(json, { a: 1 }),
    ),
  )

  for (const headers of [json, { ...json, "transfer-encoding": "chunked" }])
    it.live(`a body over the limit is refused (${Object.keys(headers).length === 1 ? "announced" : "in chunks"})`, () =>
      Effect.map(
        asked(
          { method: "PUT", path: "/things/a", headers, body: `{"a":"${"x".repeat(2_000)}"}` },
          { bodyLimit: 1_000 },
        ),
        (answered) => {
          assert.strictEqual(answered.status, 413)
          assert.strictEqual(answered.headers.connection, "close")
        },
      ),
    )

  it.live.each([
    ["is bounded as records are", "/things/_make", 413],
    ["for a model keeps the bound of predicts", "/things/_render", 200],
  ] as const)("a body %s", ([, path, status]) =>
    Effect.map(
      asked({ method: "POST", path, body: JSON.stringify({ name: "x".repeat(2_000) }) }, { recordBodyLimit: 1_000 }),
      (answered) => assert.strictEqual(answered.status, status, answered.text),
    ),
  )

  it.live("a client that sends far too much reads why", () =>
    Effect.map(
      asked(
        { method: "POST", path: "/things/_make", body: JSON.stringify({ name: "x".repeat(20_000_000) }) },
        { bodyLimit: 100_000_000, recordBodyLimit: 1_000 },
      ),
      (answered) => {
        assert.strictEqual(answered.status, 413)
        assert.include(reasonOf(answered), "larger than 1000 bytes")
      },
    ),
  )

  it.live("every request has a deadline", () =>
    Effect.map(asked({ path: "/slow" }, { requestMillis: 50 }), (answered) => {
      assert.strictEqual(answered.status, 504)
      assert.include(reasonOf(answered), "was not done within 0.05 s")
    }),
  )

  it.live("a filter_path that asks for too much work is refused by name", () =>
    Effect.map(
      asked({
        method: "PUT",
        path: `/things/a?filter_path=${"*a".repeat(2_000)}b`,
        body: JSON.stringify(
          Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${"a".repeat(2_000)}${i}`, 1])),
        ),
      }),
      (answered) => {
        assert.strictEqual(answered.status, 400)
        assert.include(reasonOf(answered), "filter_path asks for too much work on this answer")
      },
    ),
  )

  it.live("an answer of any nesting is filtered or refused by name, and written", () =>
    Effect.map(
      asked({
        method: "PUT",
        path: "/things/a?filter_path=**.z&pretty",
        body: `${'{"a":'.repeat(990)}1${"}".repeat(990)}`,
      }),
      (answered) => assert.deepStrictEqual([answered.status, answered.json], [200, {}], answered.text),
    ),
  )

  it.live("an unexpected failure is reported by its request id, without internal details", () =>
    Effect.map(asked({ path: "/broken?error_trace=true" }), (answered) => {
      assert.strictEqual(answered.status, 500)
      assert.include(reasonOf(answered), String(answered.headers["x-request-id"]))
      assert.notInclude(answered.text, EchoServer.secret)
    }),
  )

  it.live("a value that the engine cannot nest or hold is rejected with 400", () =>
    Effect.map(asked({ method: "POST", path: "/things/1/_text", body: '"overflow"' }), (answered) => {
      assert.strictEqual(answered.status, 400)
      assert.include(reasonOf(answered), "nests deeper or becomes longer")
      assert.notInclude(answered.text, EchoServer.secret)
    }),
  )

  it.live("headers that are too large, and bytes that are not HTTP, get a response", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* EchoServer.listen()
        const huge = yield* Effect.promise(() =>
          raw(port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20_000)}\r\n\r\n`),
        )
        assert.include(huge, "HTTP/1.1 431")
        const noise = yield* Effect.promise(() => raw(port, "nonsense\r\n\r\n"))
        assert.include(noise, "HTTP/1.1 400")
        const control = yield* Effect.promise(() =>
          raw(port, "GET /things/a HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: a\u0001b\r\nConnection: close\r\n\r\n"),
        )
        assert.include(control, "HTTP/1.1 400")
      }),
    ),
  )
})

describe("who may ask", () => {
  const refused: ReadonlyArray<readonly [name: string, headers: (port: number) => Record<string, string>]> = [
    ["a name that was rebound to loopback", (port) => ({ host: `evil.example:${port}` })],
    ["a name that begins like loopback", (port) => ({ host: `localhost.evil.example:${port}` })],
    ["another port", () => ({ host: "localhost:1" })],
    ["a page of another origin", (port) => ({ host: `localhost:${port}`, origin: "https://evil.example" })],
    ["a page of another port", (port) => ({ host: `localhost:${port}`, origin: "http://localhost:3000" })],
    ["a sandboxed page", (port) => ({ host: `localhost:${port}`, origin: "null" })],
    ["an image of a page", (port) => ({ host: `localhost:${port}`, "sec-fetch-site": "cross-site" })],
  ]
  for (const [name, headers] of refused)
    it.live(`${name} is refused before anything is read`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { port } = yield* EchoServer.listen()
          for (const path of ["/things/a", "/nothing"]) {
            const answered = yield* Effect.promise(() => exchange(port, { path, headers: headers(port) }))
            assert.strictEqual(answered.status, 403)
            assert.strictEqual(answered.json.error.type, "security_exception")
            assert.isUndefined(answered.headers["access-control-allow-origin"])
          }
        }),
      ),
    )

  it.each([
    ["/probe", "GET", 200],
    ["/probe", "POST", 403],
    ["/probe/more", "GET", 403],
    ["/_health/live", "GET", 403],
  ])("only an endpoint that declares AnyOrigin is served under any host name: %s by %s", (path, method, status) =>
    Effect.runPromise(
      Effect.map(asked({ path, method, headers: { host: "probe.internal" } }), (answered) =>
        assert.strictEqual(answered.status, status),
      ),
    ),
  )

  const welcome: ReadonlyArray<readonly [name: string, headers: (port: number) => Record<string, string>]> = [
    ["localhost", (port) => ({ host: `LOCALHOST:${port}` })],
    ["the address of IPv6", (port) => ({ host: `[::1]:${port}` })],
    ["a name that the operator lists", () => ({ host: "drawbar.example:443" })],
    [
      "the server's own pages",
      (port) => ({ host: `localhost:${port}`, origin: `http://localhost:${port}`, "sec-fetch-site": "same-origin" }),
    ],
  ]
  for (const [name, headers] of welcome)
    it.live(`${name} is answered`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { port } = yield* EchoServer.listen()
          const answered = yield* Effect.promise(() => exchange(port, { path: "/things/a", headers: headers(port) }))
          assert.strictEqual(answered.status, 200)
        }),
      ),
    )

  it.live("two Host headers are rejected in either order", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* EchoServer.listen()
        const hosts = [`Host: localhost:${port}`, "Host: evil.example"]
        for (const [first, second] of [hosts, hosts.toReversed()])
          assert.include(
            yield* Effect.promise(() =>
              raw(port, `GET /things/a HTTP/1.1\r\n${first}\r\n${second}\r\nConnection: close\r\n\r\n`),
            ),
            "HTTP/1.1 403",
          )
      }),
    ),
  )

  it.live("an unknown Expect header does not bypass the Host check", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* EchoServer.listen()
        const ask = (host: string) =>
          Effect.promise(() =>
            raw(port, `GET /things/a HTTP/1.1\r\nHost: ${host}\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n`),
          )
        assert.include(yield* ask(`localhost:${port}`), "HTTP/1.1 200")
        assert.include(yield* ask("evil.example"), "security_exception")
      }),
    ),
  )

  it.live("no Host at all is refused", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* EchoServer.listen()
        assert.include(
          yield* Effect.promise(() => raw(port, "GET /things/a HTTP/1.1\r\nConnection: close\r\n\r\n")),
          "HTTP/1.1 403",
        )
      }),
    ),
  )
})

describe("a target in absolute form", () => {
  const targets: ReadonlyArray<
    readonly [name: string, target: (port: number) => string, host: (port: number) => string, status: number]
  > = [
    ["of a known host is served", (port) => `http://localhost:${port}/things/a`, (port) => `localhost:${port}`, 200],
    ["in capitals is served", (port) => `HTTP://LOCALHOST:${port}/things/a`, (port) => `127.0.0.1:${port}`, 200],
    [
      "with a query is served",
      (port) => `http://127.0.0.1:${port}/things/a?verbose`,
      (port) => `localhost:${port}`,
      200,
    ],
    ["of an allowed name is served", () => "https://drawbar.example:443/things/a", (port) => `localhost:${port}`, 200],
    ["of another host is refused", () => "http://evil.example/things/a", (port) => `localhost:${port}`, 403],
    ["of another port is refused", () => "http://localhost:1/things/a", (port) => `localhost:${port}`, 403],
    ["with user info is refused", (port) => `http://a@localhost:${port}/things/a`, (port) => `localhost:${port}`, 403],
    ["without a host is refused", () => "http:///things/a", (port) => `localhost:${port}`, 403],
    ["beside another Host is refused", (port) => `http://localhost:${port}/things/a`, () => "evil.example", 403],
    ["without a path is the root", (port) => `http://localhost:${port}`, (port) => `localhost:${port}`, 400],
    ["of another scheme is rejected", (port) => `ftp://localhost:${port}/things/a`, (port) => `localhost:${port}`, 400],
  ]
  for (const [name, target, host, status] of targets)
    it.live(name, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { port } = yield* EchoServer.listen()
          const answer = yield* Effect.promise(() =>
            raw(port, `GET ${target(port)} HTTP/1.1\r\nHost: ${host(port)}\r\nConnection: close\r\n\r\n`),
          )
          assert.include(answer, `HTTP/1.1 ${status}`)
        }),
      ),
    )
})

describe("what the HTTP parser refuses is logged", () => {
  it("by its code, the first at once and those that follow as a number", () => {
    const lines: Array<string> = []
    let now = 0
    const note = HttpServer.noting(
      (line) => lines.push(line),
      () => now,
    )
    note("HPE_INVALID_METHOD")
    for (let i = 0; i < 1_000; i++) note("HPE_HEADER_OVERFLOW")
    assert.deepStrictEqual(lines, ["A request was refused by the HTTP parser: HPE_INVALID_METHOD"])
    now = 10_000
    note("ERR_HTTP_REQUEST_TIMEOUT")
    assert.strictEqual(
      lines[1],
      "A request was refused by the HTTP parser: ERR_HTTP_REQUEST_TIMEOUT; 1000 more since the last such line",
    )
  })

  it("but no connection that its client cut", () => {
    const lines: Array<string> = []
    const note = HttpServer.noting((line) => lines.push(line))
    for (const code of ["ECONNRESET", "EPIPE", undefined]) note(code)
    assert.deepStrictEqual(lines, [])
  })

  it.live("where a connection sends it", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(String(message)))
    return Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* EchoServer.listen()
        yield* Effect.promise(() => raw(port, "NO SUCH THING\r\n\r\n"))
        assert.include(logged.join(), "refused by the HTTP parser: HPE_")
        assert.notInclude(logged.join(), "SUCH THING")
      }),
    ).pipe(Effect.provide(Logger.layer([logger])))
  })
})

describe("going away", () => {
  it.live("a caller that disconnects interrupts its request", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port, seen } = yield* EchoServer.listen()
        const outgoing = request({ host: "127.0.0.1", port, path: "/slow", agent: false })
        outgoing.on("error", () => {})
        outgoing.end()
        yield* until(() => seen.slow === "asked")
        outgoing.destroy()
        yield* until(() => seen.slow !== "asked")
        assert.strictEqual(seen.slow, "interrupted")
      }),
    ),
  )

  it.live("a server that stops lets a request end, and takes no other", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port, seen } = yield* Scope.provide(EchoServer.listen({ slowMillis: 200 }), scope)
      const slow = yield* Effect.forkChild(Effect.promise(() => exchange(port, { path: "/slow" })))
      yield* until(() => seen.slow === "asked")
      const stopped = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      const late = yield* Effect.exit(Effect.tryPromise(() => exchange(port, { path: "/things/a" })))
      assert.isTrue(Exit.isFailure(late))
      const answered = yield* Fiber.join(slow)
      assert.deepStrictEqual([answered.status, answered.headers.connection, seen.slow], [200, "close", "answered"])
      yield* Fiber.join(stopped)
    }),
  )

  it.live("an idle connection does not delay a shutdown", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port } = yield* Scope.provide(EchoServer.listen({ graceMillis: 600_000 }), scope)
      const ended = Promise.withResolvers<void>()
      const silent = connect(port, "127.0.0.1").on("error", () => {})
      silent.on("close", () => ended.resolve())
      yield* Effect.promise(() => once(silent, "connect"))
      // Who came later has been answered: the first has been taken in.
      yield* Effect.promise(() => exchange(port, { path: "/things/a" }))
      yield* Scope.close(scope, Exit.void)
      yield* Effect.promise(() => ended.promise)
    }),
  )

  it.live("a server that has waited long enough ends the rest, and says why", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port, seen } = yield* Scope.provide(EchoServer.listen({ graceMillis: 50 }), scope)
      const ask = (path: string) => Effect.forkChild(Effect.promise(() => exchange(port, { path })))
      const [slow, events] = [yield* ask("/slow"), yield* ask("/events")]
      yield* until(() => seen.slow === "asked")
      yield* Scope.close(scope, Exit.void)
      const reason = "The server is stopping. Send the request again when it is back."
      const refused = yield* Fiber.join(slow)
      assert.deepStrictEqual([refused.status, refused.headers.connection], [503, "close"])
      assert.strictEqual(JSON.parse(refused.text).error.reason, reason)
      const last = (yield* Fiber.join(events)).text.split("\n\n").slice(-2)
      assert.deepStrictEqual(last, [`data: ${JSON.stringify({ error: reason, status: 503 })}`, ""])
      yield* until(() => seen.slow !== "asked")
      assert.strictEqual(seen.slow, "interrupted")
    }),
  )
})
