/** How an answer is known to be a stream: by its first bytes, whatever its content type says, and however it is compressed and cut. */
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { ConnectorError } from "../src/ConnectorError.ts"
import type { StreamedResponse } from "@drawbar/egress/EgressPool"
import type { StreamFrame } from "../src/stream/PredictionStream.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as StreamFormat from "../src/stream/StreamFormat.ts"
import * as StreamKind from "../src/stream/StreamKind.ts"
import * as StreamOpening from "../src/stream/StreamOpening.ts"
import { type Fixture, fixtures, spellings } from "./fixtures/Streams.ts"

const formatOf = (name: string | undefined, deltaPath: string | undefined = undefined) =>
  Result.getOrThrow(StreamFormat.find({ name, deltaPath, url: "https://models.example/" }))
const formatOfFixture = ({ format }: Fixture) =>
  "name" in format ? formatOf(format.name) : formatOf(undefined, format.deltaPath)

async function* pieces(all: ReadonlyArray<Uint8Array>) {
  yield* all
}

const open = async (
  format: StreamFormat.StreamFormat,
  headers: StreamedResponse["headers"],
  ...bytes: ReadonlyArray<Uint8Array>
) =>
  StreamOpening.open({
    response: { status: 200, headers, body: new Uint8Array(), stream: pieces(bytes) },
    format,
    mask: SecretMask.none,
    origin: "https://models.example",
    now: 0,
  })

const framesOf = async (opened: Promise<StreamOpening.Opened>) => {
  const { outcome, status } = await opened
  if ("failure" in outcome) return { status, failure: outcome.failure }
  const frames: Array<StreamFrame> = []
  try {
    for (let next = outcome.first; next.done !== true; next = await outcome.frames.next()) frames.push(...next.value)
    return { status, frames }
  } catch (failure) {
    return { status, frames, failure }
  }
}

const typed = (type: string | undefined) => (type === undefined ? {} : { "content-type": type })
const own = { sse: "text/event-stream", lines: "application/x-ndjson", amazon: "application/vnd.amazon.eventstream" }
const types = [
  undefined,
  "application/octet-stream",
  "application/json",
  "text/plain; charset=utf-8",
  "binary/octet-stream",
]

const encodings: ReadonlyArray<readonly [name: string, encoding: string, encode: (body: Buffer) => Buffer]> = [
  ["gzip", "gzip", gzipSync],
  ["x-gzip", "X-GZIP", gzipSync],
  ["deflate", "deflate", deflateSync],
  ["raw deflate", "deflate", deflateRawSync],
  ["br", "br", brotliCompressSync],
  ["zstd", "zstd", zstdCompressSync],
  ["identity", "identity", (body) => body],
]

describe.each(fixtures)("$name", (fixture) => {
  const format = formatOfFixture(fixture)
  const body = Object.values(spellings[fixture.framing])[0]!(fixture.events)
  const expected = () => framesOf(open(format, typed(own[fixture.framing]), body))

  it.each(types)("is read as %s", async (type) => {
    assert.deepStrictEqual(await framesOf(open(format, typed(type), body)), await expected())
    assert.strictEqual((await expected()).frames?.at(-1)?.isLast, true)
  })

  it("is read without a type wherever its beginning is cut, and byte by byte", async () => {
    const whole = await expected()
    for (let at = 0; at <= 24; at++)
      assert.deepStrictEqual(
        await framesOf(open(format, {}, body.subarray(0, at), body.subarray(at))),
        whole,
        `at ${at}`,
      )
    const bytes = Array.from(body, (byte) => Uint8Array.of(byte))
    assert.deepStrictEqual(await framesOf(open(format, {}, ...bytes)), whole)
  })

  it.each(encodings)("is read compressed with %s, wherever it is cut", async (_name, encoding, encode) => {
    const whole = await expected()
    const encoded = encode(body)
    const headers = { ...typed(own[fixture.framing]), "content-encoding": encoding }
    const step = Math.max(1, Math.floor(encoded.length / 12))
    for (let at = 0; at <= encoded.length; at += step)
      assert.deepStrictEqual(
        await framesOf(open(format, headers, encoded.subarray(0, at), encoded.subarray(at))),
        whole,
        `at ${at}`,
      )
  })
})

const reasonOf = ({ failure }: { failure?: unknown }) => (failure as ConnectorError).reason

describe("a compressed stream", () => {
  const chat = formatOf("openai/v1/chat/completions")
  const headers = { "content-type": "text/event-stream", "content-encoding": "gzip" }
  const body = Buffer.from('data: {"choices":[{"delta":{"content":"x"}}]}\n\n')

  it("of an unknown encoding is refused", async () => {
    const { failure } = await framesOf(open(chat, { ...headers, "content-encoding": "lzma" }, body))
    assert.strictEqual((failure as ConnectorError).reason._tag, "UnsupportedContentEncoding")
    assert.include(String(failure), "content-encoding, which is unknown")
  })

  it("that is cut off, or none, fails as unreadable", async () => {
    const cut = await framesOf(open(chat, headers, gzipSync(body).subarray(0, -9)))
    assert.strictEqual(reasonOf(cut)._tag, "UnsupportedContentEncoding")
    const none = await framesOf(open(chat, headers, body))
    assert.strictEqual(reasonOf(none)._tag, "UnsupportedContentEncoding")
  })

  it("that becomes a thousand times as large is refused", async () => {
    const bomb = gzipSync(Buffer.concat([body, Buffer.from(":\n".repeat(10_000_000))]))
    assert.isBelow(bomb.length, 100_000)
    assert.strictEqual(reasonOf(await framesOf(open(chat, headers, bomb)))._tag, "ResponseTooLarge")
  })

  it("gives each piece when it has come, not at the end", async () => {
    const gzip = createGzip()
    const gate = Promise.withResolvers<void>()
    async function* stream() {
      gzip.write(body)
      await new Promise<void>((done) => gzip.flush(constants.Z_SYNC_FLUSH, done))
      yield gzip.read()
      await gate.promise
      gzip.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n')
      for await (const rest of gzip) yield rest
    }
    const response = { status: 200, headers, body: new Uint8Array(), stream: stream() }
    const opened = await StreamOpening.open({
      response,
      format: chat,
      mask: SecretMask.none,
      origin: "https://x.example",
      now: 0,
    })
    assert.isTrue("first" in opened.outcome)
    gate.resolve()
    assert.strictEqual((await framesOf(Promise.resolve(opened))).frames?.at(-1)?.finishReason, "stop")
  })
})

describe("a response that is not a stream", () => {
  const chat = formatOf("openai/v1/chat/completions")
  it.each<readonly [body: string, type: string | undefined, status: number, says: string]>([
    ['{"error":{"code":429,"message":"m"}}', "application/json", 429, "m"],
    ['{"error":{"code":429,"message":"m"}}', "text/event-stream", 429, "m"],
    ['{"error":{"type":"overloaded_error","message":"m"}}', undefined, 503, "m"],
    ['{"error":"m"}', undefined, 200, "m"],
    ['{"choices":[]}', "application/json", 200, "answered with application/json and not with a stream"],
    ['{"choices":[]}', undefined, 200, "answered with no content-type and not with a stream"],
    ["<html>busy</html>", "text/html", 200, "answered with text/html and not with a stream"],
    ["dataset is ready", "text/plain", 200, "answered with text/plain and not with a stream"],
    ["", "text/plain", 200, "empty response body"],
    ["", "text/event-stream", 200, "before the model's answer was complete"],
  ])("%j as %s", async (body, type, status, says) => {
    for (let at = 0; at <= body.length; at++) {
      const parts = [body.slice(0, at), body.slice(at)].map((text) => Buffer.from(text))
      const opened = await framesOf(open(chat, typed(type), ...parts))
      assert.strictEqual(opened.status, status)
      assert.include(String(opened.failure), says)
    }
  })
})

describe("the kind of a body", () => {
  it.each<readonly [text: string, kind: StreamKind.StreamKind]>([
    ["data:x", "events"],
    ["data\n", "events"],
    [" \n\uFEFFevent: x", "events"],
    [":", "events"],
    ["id: 1\r\n", "events"],
    ["retry: 1\n", "events"],
    ["\r\n {}", "value"],
    ["[", "list"],
    ["\0\0\0\u0050", "amazon"],
    ["dat", "text"],
    ["database: x", "text"],
    ["<html>", "text"],
    [" \n", "nothing"],
    ["", "nothing"],
  ])("of %j is %s", async (text, kind) => {
    const bytes = Buffer.from(text)
    for (let at = 0; at <= bytes.length; at++) {
      const begun = await StreamKind.begin(pieces([bytes.subarray(0, at), bytes.subarray(at)]))
      assert.strictEqual(begun.kind, kind, `at ${at}`)
      const again: Array<Uint8Array> = []
      for await (const piece of begun.bytes) again.push(piece)
      assert.deepStrictEqual(Buffer.concat(again), bytes)
    }
  })

  it("of a blank that does not end takes no time that grows with its square", async () => {
    const begun = await StreamKind.begin(pieces(Array.from({ length: 20_000 }, () => Buffer.from("\n".repeat(1_000)))))
    assert.strictEqual(begun.kind, "nothing")
  })
})
