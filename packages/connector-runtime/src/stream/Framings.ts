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
    // The parser would go on after each of its errors but this.
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
  // Put together once their line has ended, however many pieces it comes in.
  let rest: Array<string> = []
  let length = 0
  for await (const text of texts(bytes)) {
    const [first = "", ...more] = text.split("\n")
    rest.push(first)
    length += first.length
    if (length > longest) throw new Unframed("has a line without end")
    const last = more.pop()
    if (last === undefined) continue
    for (const data of [rest.join(""), ...more]) if (data.trim() !== "") yield { data }
    rest = [last]
    length = last.length
  }
  const data = rest.join("")
  if (data.trim() !== "") yield { data }
}

/** https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream */
export const amazonEvents: Framing = async function* (bytes) {
  let pieces: Array<Uint8Array> = []
  let size = 0
  let wanted = headLength
  for await (const chunk of bytes) {
    pieces.push(chunk)
    size += chunk.length
    if (size < wanted) continue
    let rest: Uint8Array = Buffer.concat(pieces)
    wanted = lengthOf(rest)
    while (rest.length >= wanted) {
      yield decoded(rest.subarray(0, wanted))
      rest = rest.subarray(wanted)
      wanted = lengthOf(rest)
    }
    pieces = [rest]
    size = rest.length
  }
  if (size > 0) throw new Unframed("ends inside a message")
}

/** In bytes: what says how long a message is. */
const headLength = 4

/** How much has to be there to read on: the message that begins here, or what says its length. */
const lengthOf = (bytes: Uint8Array): number => {
  if (bytes.length < headLength) return headLength
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
