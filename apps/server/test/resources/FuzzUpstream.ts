/** An upstream whose responses are as a request wants them: `"want":"kind:size"`. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"

/** Listens on a port of its own. */
export const listen = async () => {
  const server = createServer((request, response) => {
    let head = ""
    request.on("data", (piece: Buffer) => {
      if (head.length < 200) head += piece.toString("latin1")
    })
    request.on("end", () => {
      const [, kind = "", number = "0"] = /"want":"(\w+):(\d+)"/.exec(head) ?? []
      const size = Number(number)
      if (kind === "stream") {
        response.writeHead(200, { "content-type": "text/event-stream" })
        const event = `data: ${JSON.stringify({ choices: [{ delta: { content: "x".repeat(50) } }] })}\n\n`
        for (let n = 0; n < size / 100; n++) response.write(event)
        return void response.end("data: [DONE]\n\n")
      }
      const body = Buffer.from(bodyOf(kind, size))
      const status = kind === "refusal" ? 429 : 200
      const packed = kind === "packed" ? gzipSync(body) : body
      response.writeHead(status, {
        "content-type": "application/json",
        "content-length": packed.length,
        ...(kind === "packed" ? { "content-encoding": "gzip" } : {}),
      })
      response.end(packed)
    })
    request.on("error", () => {})
  })
  server.listen(0, "127.0.0.1", 4_096)
  await once(server, "listening")
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** What a `want` may say. */
export const kinds = [
  "text",
  "quotes",
  "nested",
  "objects",
  "numbers",
  "keys",
  "vector",
  "refusal",
  "packed",
  "escapes",
]

const bodyOf = (kind: string, size: number): string => {
  const deep = Math.min(size, 5_000)
  switch (kind) {
    case "text":
    case "packed":
    case "refusal":
      return JSON.stringify({ a: "x".repeat(size) })
    case "quotes":
      return JSON.stringify({ a: '"\\'.repeat(size / 4) })
    case "escapes":
      return `{"a":"${"\\u0041".repeat(size / 6)}"}`
    case "nested":
      return `${'{"a":['.repeat(deep)}1${"]}".repeat(deep)}`
    case "objects":
      return `{"a":[${'{"b":[1]},'.repeat(size / 10)}{}]}`
    case "numbers":
      return `{"a":[${"0.1,".repeat(size / 4)}1]}`
    case "keys":
      return `{${Array.from({ length: size / 12 }, (_, n) => `"k${n}":${n}`).join(",")}${size >= 12 ? "," : ""}"a":1}`
    case "vector":
      return `{"data":[{"embedding":[${"0.125,".repeat(size / 6)}1]}]}`
    default:
      return '{"a":1}'
  }
}
