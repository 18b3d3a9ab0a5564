import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import * as TestEgress from "./fixtures/TestEgress.ts"
import * as Wire from "./fixtures/Wire.ts"
import { withinTheNetwork, reply, wire, stub, refusal } from "./fixtures/Exchanges.ts"

describe("requests on the wire", () => {
  withinTheNetwork(
    "preserves path, query, header names and values, and body byte for byte",
    Effect.gen(function* () {
      const server = yield* reply("ok")
      const authority = `127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(`http://${authority}`)
      yield* pool.send(
        {
          method: "POST",
          url: `http://${authority}/a//b/..c%2fd;x=1:2?q=%7e'{|}&&r#never`,
          headers: { "X-Mixed-Case": "a  b\té", authorization: "Bearer k", Host: authority },
          body: '{"text":"ä\\u0000"}',
        },
        TestEgress.limits,
      )
      assert.strictEqual(
        server.received[0],
        `POST /a//b/..c%2fd;x=1:2?q=%7e'{|}&&r HTTP/1.1\r\nhost: ${authority}\r\nconnection: keep-alive\r\n` +
          "X-Mixed-Case: a  b\té\r\nauthorization: Bearer k\r\ncontent-length: 19\r\n\r\n" +
          Buffer.from('{"text":"ä\\u0000"}').toString("latin1"),
      )
    }),
  )

  withinTheNetwork(
    "reuses one connection for consecutive requests",
    Effect.gen(function* () {
      const server = yield* reply("ok")
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(url)
      for (let i = 0; i < 5; i++) yield* pool.send(TestEgress.post(url, "{}"), TestEgress.limits)
      assert.strictEqual(server.sockets.length, 1)
    }),
  )

  withinTheNetwork(
    "opens no more connections than the pool allows",
    Effect.gen(function* () {
      const server = yield* reply("ok")
      const url = `http://127.0.0.1:${server.port}`
      const pool = yield* TestEgress.open(url, { maxConnections: 3 })
      const answers = yield* Effect.forEach(
        Array.from({ length: 40 }, (_, i) => i),
        (i) => pool.send(TestEgress.post(`${url}/${i}`, "{}"), TestEgress.limits),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(answers.length, 40)
      assert.isAtMost(server.sockets.length, 3)
    }),
  )
})

describe("responses", () => {
  withinTheNetwork(
    "returns a response of any status and follows no redirect",
    Effect.gen(function* () {
      const canary = yield* wire(() => {})
      const platform = yield* stub({
        handler: () => Answer.redirect(`http://127.0.0.1:${canary.port}/latest/meta-data`),
      })
      const pool = yield* TestEgress.open(platform.origin)
      const { status, headers } = yield* pool.send(TestEgress.get(`${platform.origin}/`), TestEgress.limits)
      assert.strictEqual(status, 302)
      assert.strictEqual(headers["location"], `http://127.0.0.1:${canary.port}/latest/meta-data`)
      assert.strictEqual(canary.sockets.length, 0)
    }),
  )

  withinTheNetwork(
    "returns an HTML page unchanged",
    Effect.gen(function* () {
      const platform = yield* stub({ handler: () => Answer.html(502) })
      const pool = yield* TestEgress.open(platform.origin)
      const answer = yield* pool.send(TestEgress.get(`${platform.origin}/`), TestEgress.limits)
      assert.strictEqual(answer.status, 502)
      assert.include(TestEgress.text(answer), "Bad Gateway")
    }),
  )

  withinTheNetwork(
    "accepts interim responses before the final one",
    Effect.gen(function* () {
      const server = yield* wire(
        (socket) => void socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${Wire.answer("late")}`),
      )
      const pool = yield* TestEgress.open(`http://127.0.0.1:${server.port}`)
      const answer = yield* pool.send(TestEgress.get(`http://127.0.0.1:${server.port}/`), TestEgress.limits)
      assert.deepStrictEqual([answer.status, TestEgress.text(answer)], [200, "late"])
    }),
  )

  const interim = [
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nx-said: HTTP/1.1 100\r\n\r\n",
    "HTTP/1.1 100\r\n\r\n",
  ]
  for (const heads of [...interim.map((head) => [head]), interim, [...interim, ...interim]])
    withinTheNetwork(
      `accepts the interim responses ${JSON.stringify(heads.join("")).slice(0, 60)} in any fragmentation and keeps the connection`,
      Effect.gen(function* () {
        const answered = `${heads.join("")}${Wire.answer("HTTP/1.1 100 Continue")}`
        let size = 0
        const server = yield* wire(async (socket) => {
          size += 1 + (size % 7)
          for (let at = 0; at < answered.length; at += size) {
            socket.write(answered.slice(at, at + size))
            await new Promise(setImmediate)
          }
        })
        const pool = yield* TestEgress.open(`http://127.0.0.1:${server.port}`, { maxConnections: 1 })
        for (let request = 0; request < 8; request++) {
          const answer = yield* pool.send(TestEgress.get(`http://127.0.0.1:${server.port}/`), TestEgress.limits)
          assert.deepStrictEqual([answer.status, TestEgress.text(answer)], [200, "HTTP/1.1 100 Continue"])
        }
        assert.strictEqual(server.sockets.length, 1)
      }),
    )

  withinTheNetwork(
    "rejects endless interim responses",
    Effect.gen(function* () {
      const server = yield* wire((socket) => void socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(50)))
      assert.strictEqual((yield* refusal(server.port))._tag, "ProtocolError")
    }),
  )

  withinTheNetwork(
    "accepts a body that ends with an orderly close of the connection",
    Effect.gen(function* () {
      const server = yield* wire((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"))
      const pool = yield* TestEgress.open(`http://127.0.0.1:${server.port}`)
      assert.strictEqual(
        TestEgress.text(yield* pool.send(TestEgress.get(`http://127.0.0.1:${server.port}/`), TestEgress.limits)),
        "all of it",
      )
    }),
  )

  for (const [encoding, body] of [
    ["gzip", gzipSync("words")],
    ["x-gzip", gzipSync("words")],
    ["deflate", deflateSync("words")],
    ["deflate", deflateRawSync("words")],
    ["zstd", zstdCompressSync("words")],
    ["br", brotliCompressSync("words")],
    ["identity", Buffer.from("words")],
  ] as const)
    withinTheNetwork(
      `decompresses unsolicited ${encoding}`,
      Effect.gen(function* () {
        const platform = yield* stub({
          handler: () => ({ kind: "response", status: 200, headers: { "content-encoding": encoding }, body }),
        })
        const pool = yield* TestEgress.open(platform.origin)
        const answer = yield* pool.send(TestEgress.get(`${platform.origin}/`), TestEgress.limits)
        assert.strictEqual(TestEgress.text(answer), "words")
        assert.isUndefined(answer.headers["content-encoding"])
        assert.isFalse(platform.requests[0]?.headers.some(([name]) => name.toLowerCase() === "accept-encoding"))
      }),
    )
})

describe("incomplete and invalid responses", () => {
  const cases: ReadonlyArray<readonly [name: string, tag: string, bytes: string, ending: "end" | "reset" | "stay"]> = [
    ["cut before its first byte", "ConnectionReset", "", "end"],
    ["reset before its first byte", "ConnectionReset", "", "reset"],
    ["cut in its headers", "ConnectionReset", "HTTP/1.1 200 OK\r\ncontent-le", "end"],
    ["cut in a counted body", "BodyIncomplete", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", "end"],
    ["reset in a counted body", "BodyIncomplete", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", "reset"],
    [
      "cut in a counted body that closes",
      "BodyIncomplete",
      "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n12345",
      "end",
    ],
    ["cut in chunks", "BodyIncomplete", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n", "end"],
    [
      "reset in chunks",
      "BodyIncomplete",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
      "reset",
    ],
    [
      "reset where the connection's end is the body's",
      "BodyIncomplete",
      "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n12345",
      "reset",
    ],
    ["chunked wrongly", "BodyIncomplete", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "stay"],
    [
      "an upgrade",
      "ConnectionReset",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
      "stay",
    ],
    ["of no status", "ProtocolError", "HTTP/1.1 000 X\r\ncontent-length: 1\r\n\r\nx", "stay"],
    ["an upgrade to nothing", "ProtocolError", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "stay"],
    ["another protocol", "ProtocolError", "220 smtp.example ESMTP\r\n", "stay"],
    ["of two lengths", "ProtocolError", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx", "stay"],
    ["announced as too large", "ResponseTooLarge", "HTTP/1.1 200 OK\r\ncontent-length: 1000001\r\n\r\n", "stay"],
    [
      "too large in chunks",
      "ResponseTooLarge",
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf4241\r\n${"x".repeat(1_000_001)}\r\n0\r\n\r\n`,
      "stay",
    ],
    ["of too many headers", "ResponseTooLarge", `HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(999)}\r\n`.repeat(80)}`, "stay"],
    [
      "in an unknown encoding",
      "UnsupportedContentEncoding",
      Wire.answer("x", "content-encoding: compress\r\n"),
      "stay",
    ],
    [
      "declared zstd but not zstd",
      "UnsupportedContentEncoding",
      Wire.answer("plain", "content-encoding: zstd\r\n"),
      "stay",
    ],
    [
      "declared deflate but not deflate",
      "UnsupportedContentEncoding",
      Wire.answer("plain", "content-encoding: deflate\r\n"),
      "stay",
    ],
    ["in two encodings", "UnsupportedContentEncoding", Wire.answer("x", "content-encoding: gzip, gzip\r\n"), "stay"],
    [
      "declared gzip but not gzip",
      "UnsupportedContentEncoding",
      Wire.answer("plain", "content-encoding: gzip\r\n"),
      "stay",
    ],
  ]
  for (const [name, tag, bytes, ending] of cases)
    withinTheNetwork(
      `${name}: ${tag}`,
      Effect.gen(function* () {
        const server = yield* wire((socket) => {
          if (ending === "end") socket.end(bytes)
          else
            socket.write(bytes, () => (ending === "reset" ? setImmediate(() => socket.resetAndDestroy()) : undefined))
        })
        const reason = yield* refusal(server.port)
        assert.strictEqual(reason._tag, tag)
        assert.isFalse(reason.retryable)
      }),
    )

  for (const [output, isRetryable] of [
    ["", true],
    ["HTTP/1.1 200 OK\r\ncontent-le", false],
  ] as const)
    withinTheNetwork(
      `a reused connection that closes ${output === "" ? "without a byte" : "inside the next response head"} ${isRetryable ? "is" : "is not"} retryable`,
      Effect.gen(function* () {
        const server = yield* wire((socket) => {
          if (socket.bytesWritten === 0) socket.write(Wire.answer("first"))
          else socket.end(output)
        })
        const url = `http://127.0.0.1:${server.port}`
        const pool = yield* TestEgress.open(url)
        yield* pool.send(TestEgress.post(url, "{}"), TestEgress.limits)
        const { reason } = yield* Effect.flip(pool.send(TestEgress.post(url, "{}"), TestEgress.limits))
        assert.deepStrictEqual([reason._tag, reason.retryable], ["ConnectionReset", isRetryable])
      }),
    )

  withinTheNetwork(
    "rejects a decompression bomb",
    Effect.gen(function* () {
      const platform = yield* stub({
        handler: () => ({
          kind: "response",
          status: 200,
          headers: { "content-encoding": "gzip" },
          body: gzipSync(Buffer.alloc(50_000_000)),
        }),
      })
      assert.strictEqual((yield* refusal(platform.port))._tag, "ResponseTooLarge")
    }),
  )
})
