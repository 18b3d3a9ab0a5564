/** One exchange over a socket of its own, so that any header can be sent and every one be seen. */
import { type IncomingHttpHeaders, request } from "node:http"
import { connect } from "node:net"

export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: any
}

const jsonHeaders = { "content-type": "application/json" }

export const exchange = (port: number, { method = "GET", path, headers, body }: Sent): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        agent: false,
        headers: headers ?? (body === undefined ? {} : jsonHeaders),
      },
      (incoming) => {
        const chunks: Array<Buffer> = []
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8")
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            json: /^\s*[{[]/.test(text) ? JSON.parse(text) : undefined,
          })
        })
        incoming.on("error", reject)
      },
    )
    outgoing.on("error", reject)
    outgoing.end(body)
  })

/** Sends bytes that no HTTP client would send, and resolves to the response. */
export const raw = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes))
    socket.on("data", (chunk) => (text += chunk.toString("latin1")))
    socket.on("close", () => resolve(text))
    socket.on("error", reject)
  })
