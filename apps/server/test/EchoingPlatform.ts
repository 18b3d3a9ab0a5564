/**
 * An upstream that echoes what it received in every kind of response and stream; each request names the case that
 * defines the behaviour.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { EventStreamCodec } from "@smithy/eventstream-codec"

/** The text to echo, its encoding, and the action on the connection of the case. */
export interface Case {
  readonly said: string
  /** `asked` is the request, as received. */
  readonly act: (socket: Socket, output: string, requested: string) => void
}

const cases = new Map<string, Case>()
let counter = 0
export const remember = (one: Case): string => {
  cases.set(String(++counter), one)
  return String(counter)
}

export const answer = (
  body: string | Buffer,
  status = 200,
  headers: Readonly<Record<string, string | number>> = {},
) => {
  const all = { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`), Buffer.from(body)])
}

export type Act = Case["act"]
export const responseThat =
  (bytes: (output: string, requested: string) => string | Buffer): Act =>
  (socket, output, requested) =>
    void socket.write(bytes(output, requested))
export const breaks =
  (bytes: (output: string) => string | Buffer): Act =>
  (socket, output) =>
    void socket.end(bytes(output))

const json = JSON.stringify
/** As a header value. */
export const inHeader = (output: string) => (/^[\x20-\x7e]{1,4000}$/.test(output) ? output : "unsaid")

export const start = async (): Promise<Server> => {
  const server = createServer((socket) => {
    let text = ""
    socket.on("error", () => {})
    socket.on("data", (piece: Buffer) => {
      text += piece.toString("latin1")
      const end = text.indexOf("\r\n\r\n")
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (end === -1 || text.length < end + 4 + length) return
      const id = /case(?:\/|%23|#)(\d+)/.exec(text)?.[1] ?? ""
      const requested = text
      text = ""
      const { act, said: output } = cases.get(id) ?? { act: responseThat(() => answer("{}")), said: "" }
      act(socket, output, requested)
    })
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  return server
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port

export interface Streamed {
  readonly url: string
  readonly parameters?: object
  /** The bytes of a stream that sends a text in chunks of a number of characters. */
  readonly bytes: (text: string, size: number) => ReadonlyArray<string | Uint8Array>
  readonly type: string
}

const pieces = (text: string, size: number): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, at * size + size))

const event = (value: unknown) => `data: ${json(value)}\n\n`
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
)
const amazonEvent = (value: unknown) =>
  codec.encode({
    headers: {
      ":message-type": { type: "string", value: "event" },
      ":event-type": { type: "string", value: "chunk" },
    },
    body: Buffer.from(json({ bytes: Buffer.from(json(value)).toString("base64") })),
  })

export const streams: Readonly<Record<string, Streamed>> = {
  "OpenAI's deltas": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text, size) => [
      ...pieces(text, size).map((content) => event({ choices: [{ delta: { content } }] })),
      event({ choices: [{ delta: {}, finish_reason: "stop" }] }),
      "data: [DONE]\n\n",
    ],
  },
  "a tool's arguments": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text, size) => [
      event({
        choices: [
          { delta: { tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "t", arguments: "" } }] } },
        ],
      }),
      ...pieces(text, size).map((part) =>
        event({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: part } }] } }] }),
      ),
      event({ choices: [{ delta: {}, finish_reason: "tool_calls" }] }),
      "data: [DONE]\n\n",
    ],
  },
  "Anthropic's": {
    url: "/v1/messages",
    type: "text/event-stream",
    bytes: (text, size) => [
      ...pieces(text, size).map((part) =>
        event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: part } }),
      ),
      ...pieces(text, size).map((part) =>
        event({ type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: part } }),
      ),
      event({ type: "message_delta", delta: { stop_reason: text } }),
      event({ type: "message_stop" }),
    ],
  },
  "Ollama's lines": {
    url: "/api/chat",
    type: "application/x-ndjson",
    bytes: (text, size) => [
      ...pieces(text, size).map((content) => `${json({ message: { content }, done: false })}\n`),
      `${json({ done: true, done_reason: "stop" })}\n`,
    ],
  },
  "Bedrock's events, which contain base64": {
    url: "/model/m/invoke",
    type: "application/vnd.amazon.eventstream",
    bytes: (text, size) => [
      ...pieces(text, size).map((part) => amazonEvent({ outputText: part })),
      amazonEvent({ completionReason: "FINISH" }),
    ],
  },
  "an error inside": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text) => [event({ choices: [{ delta: { content: "a" } }] }), event({ error: { message: text } })],
  },
  "an event that is not JSON": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text) => [event({ choices: [{ delta: { content: "a" } }] }), `data: {"a": ${text}\n\n`],
  },
  "a response without a stream": { url: "/v1/chat/completions", type: "text/plain", bytes: (text) => [text] },
  "any provider's": {
    url: "/any",
    type: "text/event-stream",
    parameters: { stream_delta_path: "$.said" },
    bytes: (text, size) => pieces(text, size).map((output) => event({ said: output })),
  },
}

/** Head and bytes in chunks as TCP may split them: inside characters, escapes and events. */
export const streaming =
  ({ bytes, type }: Streamed, size: number): Act =>
  (socket, output) => {
    const body = Buffer.concat(bytes(output, size).map((piece) => Buffer.from(piece as string)))
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\nconnection: close\r\n\r\n`
    const whole = Buffer.concat([Buffer.from(head), body])
    socket.setNoDelay(true)
    const step = (at: number) => {
      if (socket.destroyed) return
      if (at >= whole.length) return void socket.end()
      socket.write(whole.subarray(at, at + 97))
      setImmediate(step, at + 97)
    }
    step(0)
  }
