/** How platforms cut their streams into events: a row for each content type. */
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { createParser } from "eventsource-parser"
import { type Framing, type RemoteEvent, Unframed } from "./RemoteEvent.ts"

/** Of one event, in characters; a stream that never ends a line is no stream of events. */
const longest = 16_000_000

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const serverSent: Framing = async function* (bytes) {
  const events: Array<RemoteEvent> = []
  const parser = createParser({
    onEvent: ({ event, data }) => events.push(event === undefined ? { data } : { name: event, data }),
    maxBufferSize: longest,
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw new Unframed("has an event without end")
    },
  })
  for await (const text of texts(bytes)) {
    parser.feed(text)
    yield* events.splice(0)
  }
  // A stream that ends without the last empty line has said its last event all the same.
  parser.feed("\n\n")
  yield* events.splice(0)
}

/** A JSON value a line: https://github.com/ndjson/ndjson-spec */
export const lines: Framing = async function* (bytes) {
  let rest = ""
  for await (const text of texts(bytes)) {
    const parts = (rest + text).split("\n")
    rest = parts.pop() ?? ""
    if (rest.length > longest) throw new Unframed("has a line without end")
    for (const data of parts) if (data.trim() !== "") yield { data }
  }
  if (rest.trim() !== "") yield { data: rest }
}

/** https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream */
export const amazonEvents: Framing = async function* (bytes) {
  let rest = new Uint8Array()
  for await (const chunk of bytes) {
    rest = rest.length === 0 ? new Uint8Array(chunk) : joined(rest, chunk)
    for (let length = lengthOf(rest); length !== undefined && rest.length >= length; length = lengthOf(rest)) {
      yield decoded(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
  }
  if (rest.length > 0) throw new Unframed("ends inside a message")
}

const joined = (one: Uint8Array, two: Uint8Array): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(one.length + two.length)
  whole.set(one)
  whole.set(two, one.length)
  return whole
}

/** The length of the message that begins here; nothing before its first four bytes have come. */
const lengthOf = (bytes: Uint8Array): number | undefined => {
  if (bytes.length < 4) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  if (length < 16 || length > longest) throw new Unframed(`has a message of ${length} bytes`)
  return length
}

const utf8 = new TextDecoder()
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : utf8.decode(bytes)),
  (text) => new TextEncoder().encode(text),
)

const decoded = (message: Uint8Array): RemoteEvent => {
  try {
    const { headers, body } = codec.decode(message)
    const header = (name: string) => headers[name]?.value
    const name = header(":event-type") ?? header(":exception-type") ?? header(":error-code") ?? ""
    const isError = header(":message-type") !== undefined && header(":message-type") !== "event"
    return { name: isError ? `error ${String(name)}` : String(name), data: utf8.decode(body) }
  } catch (cause) {
    throw new Unframed(`has a message that cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** A character that stands across two chunks is read when it is whole. */
async function* texts(bytes: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  for await (const chunk of bytes) yield decode(() => decoder.decode(chunk, { stream: true }))
  yield decode(() => decoder.decode())
}

const decode = (read: () => string): string => {
  try {
    return read()
  } catch {
    throw new Unframed("is not UTF-8")
  }
}
