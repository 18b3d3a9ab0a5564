/** How platforms cut their streams into events: a row for each framing. */
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { createParser } from "eventsource-parser"
import { type Framing, type UpstreamEvent, Unframed } from "./UpstreamEvent.ts"

/** Maximum length of one event, in characters. A stream that never ends a line is not an event stream. */
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

/**
 * JSON objects one after the other, whatever separates them: newlines (https://github.com/ndjson/ndjson-spec), the commas of one
 * array, or nothing. Anything other than an object ends with its line.
 */
export const lines = (): Framing => {
  const text = utf8()
  // Put together once their object has ended, however many pieces it comes in.
  let kept: Array<string> = []
  let length = 0
  let depth = 0
  let inString = false
  let isEscaped = false
  let isOther = false
  const isOpen = () => depth > 0 || isOther
  const event = (last: string): UpstreamEvent => {
    const data = kept.length === 0 ? last : kept.join("") + last
    kept = []
    length = 0
    return { data }
  }
  function* read(piece: string): Iterable<UpstreamEvent> {
    let start = 0
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      if (isOther) {
        if (code !== newline) continue
        isOther = false
        yield event(piece.slice(start, at))
      } else if (inString) {
        if (isEscaped) isEscaped = false
        else if (code === backslash) isEscaped = true
        else if (code === quote) inString = false
      } else if (depth === 0) {
        if (between.has(code)) continue
        start = at
        if (code === brace) depth = 1
        else isOther = true
      } else if (code === quote) inString = true
      else if (code === brace || code === bracket) depth += 1
      else if (code === closingBrace || code === closingBracket) {
        depth -= 1
        if (depth === 0) yield event(piece.slice(start, at + 1))
      }
    }
    if (!isOpen()) return
    kept.push(piece.slice(start))
    length += piece.length - start
    if (length > longest) throw new Unframed("has a line without end")
  }
  return {
    feed: (bytes) => read(text.of(bytes)),
    end: function* () {
      yield* read(text.end())
      if (isOpen()) yield event("")
    },
  }
}

const [quote, backslash, newline, brace, closingBrace, bracket, closingBracket] = [
  0x22, 0x5c, 0x0a, 0x7b, 0x7d, 0x5b, 0x5d,
]

/** White space, a byte order mark, the record separator of RFC 7464, and what divides the members of a list. */
const between = new Set([0x20, 0x09, 0x0a, 0x0d, 0xfeff, 0x1e, 0x2c, bracket, closingBracket])

/** https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream */
export const amazonEvents = (): Framing => {
  const messages = amazonMessages()
  return {
    feed: function* (bytes) {
      for (const message of messages.feed(bytes)) yield eventOf(message)
    },
    end: messages.end,
  }
}

/**
 * Amazon's event stream whose messages hold parts of a body of its own, cut anywhere: the events are those of that body.
 * Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_PayloadPart.html
 */
export const payloadParts = (): Framing => {
  const messages = amazonMessages()
  const inner = either()
  return {
    feed: function* (bytes) {
      for (const message of messages.feed(bytes)) {
        if (message.isError) yield eventOf(message)
        else if (message.name === "PayloadPart") yield* inner.feed(message.body)
      }
    },
    end: function* () {
      messages.end()
      yield* inner.end()
    },
  }
}

interface AmazonMessage {
  readonly name: string
  /** Whether the name is that of an exception. */
  readonly isError: boolean
  readonly body: Uint8Array
}

const amazonMessages = () => {
  let pieces: Array<Uint8Array> = []
  let size = 0
  let wanted = headLength
  return {
    feed: function* (bytes: Uint8Array): Iterable<AmazonMessage> {
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
    end: (): Iterable<UpstreamEvent> => {
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
      chosen = bytes[at] === brace || bytes[at] === bracket ? lines() : serverSent()
      return chosen.feed(bytes.subarray(at))
    },
    end: () => chosen?.end() ?? [],
  }
}

/** White space, and the three bytes of a byte order mark. */
const before = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])

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

const eventOf = ({ name, isError, body }: AmazonMessage): UpstreamEvent => ({
  name: isError ? `error ${name}` : name,
  data: lenient.decode(body),
})

const decoded = (message: Uint8Array): AmazonMessage => {
  try {
    const { headers, body } = codec.decode(message)
    const header = (name: string) => headers[name]?.value
    const name = header(":event-type") ?? header(":exception-type") ?? header(":error-code") ?? ""
    const isError = header(":message-type") !== undefined && header(":message-type") !== "event"
    // An error, unlike an exception, has its words in a header.
    const words = header(":error-message")
    return { name: String(name), isError, body: words === undefined ? body : Buffer.from(String(words)) }
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
