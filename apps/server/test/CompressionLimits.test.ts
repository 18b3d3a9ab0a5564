/**
 * Bodies that are small to send and large to process, as requests and as responses. Each ends in a typed error, and the
 * server's memory, measured from outside, stays within a limit. DRAWBAR_BOMB_PARTS sets the number of keys, objects and
 * numbers.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer, type AddressInfo, connect, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as Loopback from "./Loopback.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"

const parts = Number(process.env["DRAWBAR_BOMB_PARTS"] ?? 1_500_000)

/** Maximum memory of the process, in bytes. A body may have 100 MB, and its text the same again. */
const bearable = 1_200_000_000

const zeros = Buffer.alloc(90_000_000, 0x30)
const bombs = {
  gzip: gzipSync(zeros),
  deflate: deflateSync(zeros),
  rawDeflate: deflateRawSync(zeros),
  zstd: zstdCompressSync(zeros),
  br: brotliCompressSync(zeros.subarray(0, 50_000_000)),
}
const deep = `${"[".repeat(1_000_000)}1${"]".repeat(1_000_000)}`
const keys = () =>
  Buffer.from(`{${Array.from({ length: parts }, (_, i) => `"${i.toString(36)}":0`).join(",")}}`, "latin1").subarray(
    0,
    99_000_000,
  )
const objects = () => `[${"{},".repeat(parts)}{}]`
const numbers = () => `[${"0,".repeat(parts)}0]`

const head = (headers: string) => `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${headers}\r\n`
const whole = (body: string | Buffer, headers = "") => [
  head(`${headers}content-length: ${Buffer.byteLength(body)}\r\n`),
  body,
]
const streamed = (type: string, ...first: ReadonlyArray<string>) => [
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n\r\n`,
  ...first,
]
const piece = "x".repeat(65_536)

/** The upstream's responses, and what it repeats while the connection is open. */
interface Said {
  readonly parts: ReadonlyArray<string | Buffer>
  readonly forEver?: string
}

const answers: Readonly<Record<string, () => Said>> = {
  "a gzip bomb": () => ({ parts: whole(bombs.gzip, "content-encoding: gzip\r\n") }),
  "a deflate bomb": () => ({ parts: whole(bombs.deflate, "content-encoding: deflate\r\n") }),
  "a raw deflate bomb": () => ({ parts: whole(bombs.rawDeflate, "content-encoding: deflate\r\n") }),
  "a zstd bomb": () => ({ parts: whole(bombs.zstd, "content-encoding: zstd\r\n") }),
  "a brotli bomb": () => ({ parts: whole(bombs.br, "content-encoding: br\r\n") }),
  "a bomb in a bomb": () => ({ parts: whole(gzipSync(bombs.gzip), "content-encoding: gzip, gzip\r\n") }),
  "a million levels": () => ({ parts: whole(deep) }),
  "many keys": () => ({ parts: whole(keys()) }),
  "many objects": () => ({ parts: whole(objects()) }),
  "more than it announces": () => ({ parts: [head("content-length: 99999999999\r\n")], forEver: piece }),
  "an endless body": () => ({ parts: [head("")], forEver: piece }),
  "endless headers": () => ({ parts: ["HTTP/1.1 200 OK\r\n"], forEver: `a: ${"b".repeat(1_000)}\r\n` }),
  "an endless header": () => ({ parts: ["HTTP/1.1 200 OK\r\na: "], forEver: piece }),
  "a hundred thousand headers": () => ({ parts: whole("{}", "a: b\r\n".repeat(100_000)) }),
  "an endless chunk extension": () => ({
    parts: [head("transfer-encoding: chunked\r\n"), "1;a="],
    forEver: piece,
  }),
  "endless trailers": () => ({
    parts: [head("transfer-encoding: chunked\r\n"), "2\r\n{}\r\n0\r\n"],
    forEver: `a: ${"b".repeat(1_000)}\r\n`,
  }),
  "endless interim responses": () => ({ parts: [], forEver: "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n".repeat(1_000) }),
}

const streams: Readonly<Record<string, () => Said>> = {
  "an endless event line": () => ({ parts: streamed("text/event-stream", "data: "), forEver: piece }),
  "an endless event": () => ({ parts: streamed("text/event-stream"), forEver: `data: ${piece}\n` }),
  "an endless line of JSON": () => ({ parts: streamed("application/x-ndjson", "{"), forEver: piece }),
  "an event of a million levels": () => ({ parts: streamed("text/event-stream", `data: ${deep}\n\n`) }),
}

let folder = ""
let server: Spawned.Spawned
let url = ""
let platform: Server
let output: Said = { parts: [] }

const say = (socket: Socket, { parts, forEver }: Said) => {
  for (const part of parts) socket.write(part)
  if (forEver === undefined) return
  const more = () => {
    while (!socket.destroyed && socket.write(forEver));
  }
  socket.on("drain", more)
  more()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  const settings = join(folder, "settings.json")
  await writeFile(settings, JSON.stringify(Loopback.settings))
  platform = createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () => say(socket, output))
  })
  await new Promise<void>((resume) => platform.listen(0, "127.0.0.1", resume))
  server = await Spawned.start(["--data", ":memory:", "--settings", settings, "--log", "off"])
  url = await server.url
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  platform.close()
  await rm(folder, { recursive: true })
})

const modelOf = (parameters: object, read_timeout = 20) =>
  Loopback.register(url, (platform.address() as AddressInfo).port, {
    path: "/v1/chat/completions",
    parameters,
    client_config: { read_timeout },
  })

/** On Linux only; elsewhere only the errors are checked. */
const peak = async (): Promise<number> => {
  const status = await readFile(`/proc/${server.child.pid}/status`, "utf8").catch(() => "")
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024
}

const survives = async () => {
  assert.isBelow(await peak(), bearable)
  assert.strictEqual((await fetch(`${url}/_health/ready`)).status, 200)
}

describe("an upstream response of", () => {
  it.each(Object.keys(answers))("%s", async (name) => {
    output = answers[name]!()
    // Only a timeout can end an endless sequence of empty parts.
    const [expected, flushIntervalMs] = name.includes("extension") ? [504, 1] : [502, 20]
    const id = await modelOf({}, flushIntervalMs)
    const { status, json } = await ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: {} })
    assert.strictEqual(status, expected, JSON.stringify(json).slice(0, 500))
    assert.isString(json.error.type)
    await survives()
  })

  it.each(Object.keys(streams))("%s", async (name) => {
    output = streams[name]!()
    const id = await modelOf(name.includes("line of JSON") ? { _llm_interface: "ollama/api/chat" } : {})
    const { status, text } = await ask(url, undefined, "POST", `${ml}/models/${id}/_predict/stream`, { parameters: {} })
    assert.isTrue(status === 502 || text.includes("error"), `${status} ${text.slice(0, 500)}`)
    await survives()
  })

  it("many numbers, which is large but allowed", async () => {
    output = { parts: whole(numbers()) }
    const { status } = await ask(url, undefined, "POST", `${ml}/models/${await modelOf({})}/_predict`, {
      parameters: {},
    })
    assert.strictEqual(status, 200)
    await survives()
  })
})

const send = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = "/connectors/_create") =>
  fetch(`${url}${ml}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

const raw = (parts: ReadonlyArray<string>, forEver: string) =>
  new Promise<string>((resume) => {
    let answer = ""
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
      say(socket, { parts: parts.map((part) => part.replace("HOST", new URL(url).host)), forEver }),
    )
    socket.on("data", (bytes) => (answer += bytes.toString("latin1")))
    socket.on("error", () => {})
    socket.on("close", () => resume(answer))
  })

describe("a request of", () => {
  it.each<[string, () => string | Buffer, Record<string, string>, number]>([
    ["a gzip bomb", () => bombs.gzip, { "content-encoding": "gzip" }, 413],
    ["a deflate bomb", () => bombs.deflate, { "content-encoding": "deflate" }, 413],
    ["a brotli bomb", () => bombs.br, { "content-encoding": "br" }, 413],
    ["a bomb in a bomb", () => gzipSync(bombs.gzip), { "content-encoding": "gzip, gzip" }, 406],
    ["a million levels", () => deep, {}, 400],
    ["many keys", keys, {}, 400],
    ["many objects", objects, {}, 400],
    ["many numbers", numbers, {}, 400],
  ])("%s", async (_, body, headers, expected) => {
    const bytes = body()
    const id = await modelOf({})
    for (const path of ["/connectors/_create", `/models/${id}/_predict`, `/models/${id}/_predict/stream`]) {
      const response = await send(new Uint8Array(Buffer.from(bytes)), headers, path)
      const { error } = (await response.json()) as { readonly error: { readonly type: string } }
      // Only predict bodies may be this large.
      const status = path === "/connectors/_create" && bytes.length > 1_000_000 ? 413 : expected
      assert.strictEqual(response.status, status, `${path}: ${JSON.stringify(error).slice(0, 300)}`)
    }
    await survives()
  })

  const begun = `POST ${ml}/connectors/_create HTTP/1.1\r\nhost: HOST\r\n`

  it.each([
    ["endless headers", begun, `a: ${"b".repeat(1_000)}\r\n`],
    ["an endless header", `${begun}a: `, piece],
    ["an endless target", "GET /", piece],
    ["an endless chunk extension", `${begun}transfer-encoding: chunked\r\n\r\n1;a=`, piece],
    [
      "an endless body",
      `${begun}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      `10000\r\n${piece}\r\n`,
    ],
  ])("%s is rejected", async (_, first, forEver) => {
    const answer = await raw([first], forEver)
    if (answer !== "") assert.match(answer, /^HTTP\/1\.1 4\d\d /)
    await survives()
  })
})
