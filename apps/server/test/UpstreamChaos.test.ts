/**
 * An upstream that fails in every known way, half of the time: each failure is reported as what it is, no request
 * hangs, no partial response is taken as complete, and no response belongs to another request. DRAWBAR_SEED sets the
 * order, DRAWBAR_CHAOS the number of requests.
 */
import { createHash } from "node:crypto"
import { createServer, type Socket, type AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import process from "node:process"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))
const requests = Number(process.env["DRAWBAR_CHAOS"] ?? 800)

const head = (status: number, headers: Readonly<Record<string, string | number>>) =>
  `HTTP/1.1 ${status} Said\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`
const json = { "content-type": "application/json" }
const whole = (body: string | Buffer, status = 200, headers: object = {}) =>
  Buffer.concat([
    Buffer.from(head(status, { ...json, "content-length": Buffer.byteLength(body), ...headers })),
    Buffer.from(body),
  ])
const bodyOf = (nonce: string) => JSON.stringify({ nonce, filler: "é🙂".repeat(40) })

/** The action on the connection, and the status that its caller must receive. */
interface Way {
  readonly status: number
  readonly act: (socket: Socket, nonce: string) => void
}

const failsWith = (
  status: number,
  bytes: (nonce: string) => string | Buffer,
  ending: "keep" | "end" | "reset" = "keep",
): Way => ({
  status,
  act: (socket, nonce) => {
    socket.write(bytes(nonce), () => {
      if (ending === "end") socket.end()
      if (ending === "reset") setTimeout(() => socket.resetAndDestroy(), 5)
    })
  },
})

const bit = (text: string | Buffer) => Buffer.from(text).subarray(0, 60)

const chunk = (piece: Buffer) =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")])

/** Bytes per chunk, and milliseconds between chunks. */
const sliced =
  (bytes: (nonce: string) => Buffer, size: number, pause: number): Way["act"] =>
  (socket, nonce) => {
    const all = bytes(nonce)
    const step = (at: number) => {
      if (socket.destroyed || at >= all.length) return
      socket.write(all.subarray(at, at + size))
      if (pause === 0) setImmediate(step, at + size)
      else setTimeout(step, pause, at + size)
    }
    step(0)
  }

/** The same fraction for the same nonce. */
const partOf = (bytes: Buffer, nonce: string) =>
  bytes.subarray(0, createHash("sha256").update(nonce).digest().readUInt32BE() % bytes.length)

const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
const delta = (content: string) => event({ choices: [{ delta: { content } }] })
const toldOf = (nonce: string) => `${nonce} ${"é🙂 ".repeat(30)}`
const streamOf = (
  nonce: string,
  end = event({ choices: [{ delta: {}, finish_reason: "stop" }] }) + event("[DONE]"),
) => {
  const body = Buffer.from((toldOf(nonce).match(/.{1,9}/gsu) ?? []).map(delta).join("") + end)
  const pieces = Array.from({ length: Math.ceil(body.length / 100) }, (_, n) => body.subarray(n * 100, n * 100 + 100))
  return Buffer.concat([
    Buffer.from(head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" })),
    ...pieces.map(chunk),
    Buffer.from("0\r\n\r\n"),
  ])
}

const well: Readonly<Record<string, Way>> = {
  "at once": failsWith(200, (nonce) => whole(bodyOf(nonce))),
  "in small chunks": { status: 200, act: sliced((nonce) => whole(bodyOf(nonce)), 37, 0) },
  slowly: { status: 200, act: sliced((nonce) => whole(bodyOf(nonce)), 64, 3) },
  "and closes late": {
    status: 200,
    act: (socket, nonce) => {
      socket.write(head(200, { ...json, connection: "close" }) + bodyOf(nonce))
      setTimeout(() => socket.end(), 60)
    },
  },
  chunked: failsWith(200, (nonce) => {
    const body = Buffer.from(bodyOf(nonce))
    const [a, b] = [body.subarray(0, 31), body.subarray(31)]
    return Buffer.concat([
      Buffer.from(head(200, { ...json, "transfer-encoding": "chunked" })),
      chunk(a),
      chunk(b),
      Buffer.from("0\r\n\r\n"),
    ])
  }),
  compressed: failsWith(200, (nonce) => whole(gzipSync(bodyOf(nonce)), 200, { "content-encoding": "gzip" })),
  "until the connection closes": failsWith(
    200,
    (nonce) => head(200, { ...json, connection: "close" }) + bodyOf(nonce),
    "end",
  ),
  late: { status: 200, act: (socket, nonce) => void setTimeout(() => socket.write(whole(bodyOf(nonce))), 50) },
}

const ill: Readonly<Record<string, Way>> = {
  "closes without a response": { status: 502, act: (socket) => void socket.end() },
  "resets without a response": { status: 502, act: (socket) => void socket.resetAndDestroy() },
  "truncates the head": failsWith(502, () => "HTTP/1.1 200 OK\r\ncontent-ty", "end"),
  "resets in the head": failsWith(502, () => "HTTP/1.1 200 OK\r\ncontent-ty", "reset"),
  "truncates the body": failsWith(
    502,
    (nonce) => head(200, { ...json, "content-length": 500 }) + bit(bodyOf(nonce)).toString(),
    "end",
  ),
  "resets in the body": failsWith(
    502,
    (nonce) => head(200, { ...json, "content-length": 500 }) + bit(bodyOf(nonce)).toString(),
    "reset",
  ),
  "closes between chunks": failsWith(
    502,
    () => `${head(200, { ...json, "transfer-encoding": "chunked" })}5\r\n{"a":\r\n`,
    "end",
  ),
  "sends a chunk of a wrong length": failsWith(
    502,
    () => `${head(200, { ...json, "transfer-encoding": "chunked" })}zz\r\n{}\r\n0\r\n\r\n`,
    "end",
  ),
  "announces less than it sends": failsWith(
    502,
    (nonce) => head(200, { ...json, "content-length": 20 }) + bodyOf(nonce),
    "end",
  ),
  "sends two lengths": failsWith(
    502,
    (nonce) => `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n${bodyOf(nonce)}`,
    "end",
  ),
  "is truncated anywhere": {
    status: 502,
    act: (socket, nonce) => socket.write(partOf(whole(bodyOf(nonce)), nonce), () => socket.end()),
  },
  "is reset anywhere": {
    status: 502,
    act: (socket, nonce) =>
      socket.write(partOf(whole(bodyOf(nonce)), nonce), () => setTimeout(() => socket.resetAndDestroy(), 5)),
  },
  "never responds": { status: 504, act: () => {} },
  "stalls in the head": failsWith(504, () => "HTTP/1.1 200 OK\r\ncontent-ty"),
  "stalls in the body": failsWith(504, () => `${head(200, { ...json, "content-length": 500 })}{"a"`),
  "is not HTTP": failsWith(502, () => "220 mail.example ESMTP\r\n", "end"),
  "has endless headers": failsWith(502, () => `HTTP/1.1 200 OK\r\nx: ${"y".repeat(200_000)}\r\n\r\n`, "end"),
  redirects: failsWith(502, () => whole("", 302, { location: "http://127.0.0.1:1/" })),
  "is not gzip": failsWith(502, () => whole("hello", 200, { "content-encoding": "gzip" })),
  "has half a gzip body": failsWith(502, (nonce) =>
    whole(gzipSync(bodyOf(nonce)).subarray(0, 40), 200, { "content-encoding": "gzip" }),
  ),
  "has an unknown coding": failsWith(502, () => whole("{}", 200, { "content-encoding": "zpaq" })),
  "has half a JSON body": failsWith(502, (nonce) => whole(bit(bodyOf(nonce)))),
  "is not UTF-8": failsWith(502, () => whole(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))),
  "is empty": failsWith(502, () => whole("")),
  "is a page": failsWith(502, () => whole("<!doctype html><p>Hello", 200, { "content-type": "text/html" })),
  "nests too deep": failsWith(502, () => whole("[".repeat(100_000) + "]".repeat(100_000))),
  "rejects the request": failsWith(400, () => whole('{"error":"no"}', 400)),
  "rejects the key": failsWith(401, () => whole('{"error":"no"}', 401)),
  "forbids the request": failsWith(403, () => whole('{"error":"no"}', 403)),
  "does not know the model": failsWith(404, () => whole('{"error":"no"}', 404)),
  "rejects the size": failsWith(413, () => whole('{"error":"no"}', 413)),
  throttles: failsWith(429, () => whole('{"error":"slow down"}', 429, { "retry-after": 7 })),
  "is broken": failsWith(500, () => whole('{"error":"oops"}', 500)),
  "has a broken gateway": failsWith(502, () => whole("<html>Bad Gateway", 502, { "content-type": "text/html" })),
  "is busy": failsWith(503, () => whole('{"error":"busy"}', 503)),
  "has a slow gateway": failsWith(504, () => whole('{"error":"slow"}', 504)),
  "is overloaded": failsWith(529, () => whole('{"error":"overloaded"}', 529)),
}
const ways: Readonly<Record<string, Way>> = { ...well, ...ill }

const streamsWell: Readonly<Record<string, Way>> = {
  "streams at once": failsWith(200, (nonce) => streamOf(nonce)),
  "streams in small chunks": { status: 200, act: sliced((nonce) => streamOf(nonce), 37, 0) },
  "streams slowly": { status: 200, act: sliced((nonce) => streamOf(nonce), 256, 3) },
  "streams late": { status: 200, act: (socket, nonce) => void setTimeout(() => socket.write(streamOf(nonce)), 50) },
}
/** The status of the response, or of its last event. */
const streamsIll: Readonly<Record<string, Way>> = {
  "is truncated anywhere in its stream": {
    status: 502,
    act: (socket, nonce) => socket.write(partOf(streamOf(nonce), nonce), () => socket.end()),
  },
  "is reset anywhere in its stream": {
    status: 502,
    act: (socket, nonce) =>
      socket.write(partOf(streamOf(nonce), nonce), () => setTimeout(() => socket.resetAndDestroy(), 5)),
  },
  "stalls anywhere in its stream": {
    status: 504,
    act: (socket, nonce) => void socket.write(partOf(streamOf(nonce), nonce)),
  },
  "ends its stream in order, but too early": failsWith(502, (nonce) => streamOf(nonce, "")),
  "reports an error in its stream": failsWith(502, (nonce) => streamOf(nonce, event({ error: { message: "broken" } }))),
  "streams a body that is not JSON": failsWith(502, (nonce) => streamOf(nonce, event("{nonsense"))),
  "streams a body that is not UTF-8": failsWith(502, () =>
    whole(Buffer.from([0x64, 0xff, 0xfe, 0x0a]), 200, { "content-type": "text/event-stream" }),
  ),
  "is busy before its stream": failsWith(503, () => whole('{"error":"busy"}', 503)),
  "truncates a response without a stream": failsWith(
    502,
    (nonce) => head(200, { ...json, "content-length": 500 }) + bit(bodyOf(nonce)).toString(),
    "end",
  ),
  "stalls in a response without a stream": failsWith(504, () => `${head(200, { ...json, "content-length": 500 })}{"a"`),
  "responds without a stream": failsWith(502, (nonce) => whole(bodyOf(nonce))),
}
const streams: Readonly<Record<string, Way>> = { ...streamsWell, ...streamsIll }

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, with the numbers of Numerical Recipes */
const random = (() => {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
})()
const one = <A>(all: ReadonlyArray<A>): A => all[Math.floor(random() * all.length)]!

const platform = async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => {})
    let text = ""
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
      const found = /\r\n\r\n\{"way":"([^"]+)","nonce":"([^"]+)"(?:,"stream":true)?\}/.exec(text)
      if (found === null) return
      text = ""
      const [, way = "", nonce = ""] = found
      ;(ways[way] ?? streams[way])!.act(socket, nonce)
    })
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describe(`an upstream that fails (DRAWBAR_SEED=${seed})`, () => {
  it(
    `is reported in ${Object.keys(ill).length + Object.keys(streamsIll).length} ways, ${requests} times`,
    async () => {
      const chaos = await platform()
      const server = await InProcess.listen({
        settings: Loopback.settings,
      })
      const { url } = server
      const id = await Loopback.register(url, chaos.port, {
        path: "/v1/chat/completions",
        client_config: { read_timeout: 1, connection_timeout: 5, max_connection: 64 },
        request_body: '{"way":"${parameters.way}","nonce":"${parameters.nonce}"}',
      })
      const predict = async (way: string, nonce: string) => {
        const {
          status,
          text,
          json: body,
          headers,
        } = await ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, {
          parameters: { way, nonce },
        })
        assert.strictEqual(status, ways[way]!.status, `${way}: ${text.slice(0, 300)}`)
        if (status === 200) {
          assert.deepStrictEqual(body.inference_results[0].output[0].dataAsMap, JSON.parse(bodyOf(nonce)), way)
          return
        }
        assert.isString(body.error.type, way)
        assert.isNotEmpty(body.error.reason, way)
        assert.notInclude(text, "inference_results")
        if (way === "throttles") assert.strictEqual(headers.get("retry-after"), "7")
      }
      const stream = async (way: string, nonce: string) => {
        const answer = await ask(url, undefined, "POST", `${ml}/models/${id}/_predict/stream`, {
          parameters: { way, nonce },
        })
        const { status, text } = answer
        const expected = streams[way]!.status
        if (status !== 200) return void assert.strictEqual(status, expected, `${way}: ${text.slice(0, 300)}`)
        const events = text
          .trimEnd()
          .split("\n\n")
          .map((event) => JSON.parse(event.slice("data: ".length)))
        const last = events.pop()
        const maps = events.map(({ inference_results }) => inference_results[0].output[0].dataAsMap)
        const reply = maps.map(({ content }) => content).join("")
        assert.isFalse(maps.some(({ is_last }) => is_last))
        // Nothing is missing after the last text.
        const isWhole = expected === 200 || (way.includes("anywhere") && last.status === undefined)
        if (isWhole) {
          assert.isTrue(last.inference_results[0].output[0].dataAsMap.is_last, way)
          assert.strictEqual(reply, toldOf(nonce), way)
        } else {
          assert.strictEqual(last.status, expected, `${way}: ${JSON.stringify(last)}`)
          assert.isTrue(toldOf(nonce).startsWith(reply), way)
        }
      }
      let left = requests
      const worker = async (number: number) => {
        while (left-- > 0) {
          const nonce = `n${number}-${left}`
          const isWell = random() < 0.5
          if (random() < 0.6) await predict(one(Object.keys(isWell ? well : ill)), nonce)
          else await stream(one(Object.keys(isWell ? streamsWell : streamsIll)), nonce)
        }
      }
      // Each way once, and then in random order.
      for (const way of Object.keys(ways)) await predict(way, `once ${way}`)
      for (const way of Object.keys(streams)) await stream(way, `once ${way}`)
      await Promise.all(Array.from({ length: 24 }, (_, number) => worker(number)))
      await server[Symbol.asyncDispose]()
      await new Promise((resume) => setTimeout(resume, 100))
      assert.strictEqual(chaos.sockets.size, 0)
      chaos.close()
    },
    60_000 + requests * 60,
  )
})
