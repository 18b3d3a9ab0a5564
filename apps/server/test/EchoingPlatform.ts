/** A platform that repeats what it was sent, in every kind of answer and of stream: what it does is said by the case that a request names. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { EventStreamCodec } from "@smithy/eventstream-codec"

/** What it says, in which spelling; and what it does about it on the connection of the case. */
export interface Case {
  readonly said: string
  /** `asked` is the request, as it came. */
  readonly act: (socket: Socket, said: string, asked: string) => void
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
export const says =
  (bytes: (said: string, asked: string) => string | Buffer): Act =>
  (socket, said, asked) =>
    void socket.write(bytes(said, asked))
export const breaks =
  (bytes: (said: string) => string | Buffer): Act =>
  (socket, said) =>
    void socket.end(bytes(said))

const json = JSON.stringify
/** What a header can carry. */
export const inHeader = (said: string) => (/^[\x20-\x7e]{1,4000}$/.test(said) ? said : "unsaid")

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
      const asked = text
      text = ""
      const { act, said } = cases.get(id) ?? { act: says(() => answer("{}")), said: "" }
      act(socket, said, asked)
    })
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  return server
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port

export interface Streamed {
  readonly url: string
  readonly parameters?: object
  /** The bytes of a stream that says a text in pieces of so many characters. */
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
  "Bedrock's events, which hold base64": {
    url: "/model/m/invoke",
    type: "application/vnd.amazon.eventstream",
    bytes: (text, size) => [
      ...pieces(text, size).map((part) => amazonEvent({ outputText: part })),
      amazonEvent({ completionReason: "FINISH" }),
    ],
  },
  "an error within": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text) => [event({ choices: [{ delta: { content: "a" } }] }), event({ error: { message: text } })],
  },
  "an event that is no JSON": {
    url: "/v1/chat/completions",
    type: "text/event-stream",
    bytes: (text) => [event({ choices: [{ delta: { content: "a" } }] }), `data: {"a": ${text}\n\n`],
  },
  "no stream at all": { url: "/v1/chat/completions", type: "text/plain", bytes: (text) => [text] },
  "any platform's": {
    url: "/any",
    type: "text/event-stream",
    parameters: { stream_delta_path: "$.said" },
    bytes: (text, size) => pieces(text, size).map((said) => event({ said })),
  },
}

/** Head and bytes in pieces as TCP may cut them: in the middle of characters, of escapes, of events. */
export const streaming =
  ({ bytes, type }: Streamed, size: number): Act =>
  (socket, said) => {
    const body = Buffer.concat(bytes(said, size).map((piece) => Buffer.from(piece as string)))
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
