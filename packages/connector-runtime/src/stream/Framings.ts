/** How platforms cut their streams into events: a row for each content type. */
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { createParser } from "eventsource-parser"
import { type Framing, type UpstreamEvent, Unframed } from "./UpstreamEvent.ts"

/** Of one event, in characters; a stream that never ends a line is no stream of events. */
const longest = 16_000_000

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const serverSent = (): Framing => {
  const text = utf8()
  let events: Array<UpstreamEvent> = []
  const parser = createParser({
    onEvent: ({ event, data }) => events.push(event === undefined ? { data } : { name: event, data }),
    maxBufferSize: longest,
    // The parser would go on after each of its errors but this.
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw new Unframed("has an event without end")
    },
  })
  function* read(piece: string) {
    events = []
    try {
      parser.feed(piece)
    } finally {
      yield* events
    }
  }
  return {
    feed: (bytes) => read(text.of(bytes)),
    // A stream that ends without the last empty line has said its last event all the same.
    end: () => read(`${text.end()}\n\n`),
  }
}

/** A JSON value a line: https://github.com/ndjson/ndjson-spec */
export const lines = (): Framing => {
  const text = utf8()
  // Put together once their line has ended, however many pieces it comes in.
  let rest: Array<string> = []
  let length = 0
  function* read(piece: string) {
    const [first = "", ...more] = piece.split("\n")
    rest.push(first)
    length += first.length
    if (length > longest) throw new Unframed("has a line without end")
    const last = more.pop()
    if (last === undefined) return
    for (const data of [rest.join(""), ...more]) if (data.trim() !== "") yield { data }
    rest = [last]
    length = last.length
  }
  return { feed: (bytes) => read(text.of(bytes)), end: () => read(`${text.end()}\n`) }
}

/** https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream */
export const amazonEvents = (): Framing => {
  let pieces: Array<Uint8Array> = []
  let size = 0
  let wanted = headLength
  return {
    feed: function* (bytes) {
      pieces.push(bytes)
      size += bytes.length
      if (size < wanted) return
      let rest: Uint8Array = Buffer.concat(pieces)
      wanted = lengthOf(rest)
      while (rest.length >= wanted) {
        yield decoded(rest.subarray(0, wanted))
        rest = rest.subarray(wanted)
        wanted = lengthOf(rest)
      }
      pieces = [rest]
      size = rest.length
    },
    end: () => {
      if (size > 0) throw new Unframed("ends inside a message")
      return []
    },
  }
}

/** Lines of JSON, or of server-sent events: the first character tells. */
export const either = (): Framing => {
  let chosen: Framing | undefined
  return {
    feed: (bytes) => {
      if (chosen !== undefined) return chosen.feed(bytes)
      const at = bytes.findIndex((byte) => !before.has(byte))
      if (at === -1) return []
      chosen = bytes[at] === brace ? lines() : serverSent()
      return chosen.feed(bytes.subarray(at))
    },
    end: () => chosen?.end() ?? [],
  }
}

/** White space, and the three bytes of a byte order mark. */
const before = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])
const brace = 0x7b

/** In bytes: what says how long a message is. */
const headLength = 4

/** How much has to be there to read on: the message that begins here, or what says its length. */
const lengthOf = (bytes: Uint8Array): number => {
  if (bytes.length < headLength) return headLength
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  if (length < 16 || length > longest) throw new Unframed(`has a message of ${length} bytes`)
  return length
}

const lenient = new TextDecoder()
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : lenient.decode(bytes)),
  (text) => new TextEncoder().encode(text),
)

const decoded = (message: Uint8Array): UpstreamEvent => {
  try {
    const { headers, body } = codec.decode(message)
    const header = (name: string) => headers[name]?.value
    const name = header(":event-type") ?? header(":exception-type") ?? header(":error-code") ?? ""
    const isError = header(":message-type") !== undefined && header(":message-type") !== "event"
    return { name: isError ? `error ${String(name)}` : String(name), data: lenient.decode(body) }
  } catch (cause) {
    throw new Unframed(`has a message that cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** A character that stands across two pieces is read when it is whole. */
const utf8 = () => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  return {
    of: (bytes: Uint8Array) => decode(() => decoder.decode(bytes, { stream: true })),
    end: () => decode(() => decoder.decode()),
  }
}

const decode = (read: () => string): string => {
  try {
    return read()
  } catch {
    throw new Unframed("is not UTF-8")
  }
}
