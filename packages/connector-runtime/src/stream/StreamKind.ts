/** What the body of a stream is, by how it begins: content types are absent, general or wrong often enough. */

export type StreamKind = "events" | "value" | "list" | "amazon" | "text" | "nothing"

/** The kind of a body of which these are the first bytes; undefined while more of them have to come. */
const of = (first: Uint8Array, isAll: boolean): StreamKind | undefined => {
  let begin = 0
  while (begin < first.length && blank.has(first[begin] ?? 0)) begin++
  const byte = first[begin]
  if (byte === undefined) return isAll ? "nothing" : undefined
  // The length of a message, in four bytes: of messages below 16 MB the first is 0.
  if (byte === 0x00) return "amazon"
  if (byte === 0x7b) return "value"
  if (byte === 0x5b) return "list"
  const line = Buffer.from(first.subarray(begin, begin + longestField)).toString("latin1")
  if (field.test(line)) return "events"
  return !isAll && first.length - begin < longestField && fields.some((name) => name.startsWith(line))
    ? undefined
    : "text"
}

/** Reads as far as the kind is known; the bytes are given again, from the first. */
export const begin = async (
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly kind: StreamKind; readonly bytes: AsyncIterable<Uint8Array> }> => {
  const source = bytes[Symbol.asyncIterator]()
  const chunks: Array<Uint8Array> = []
  let start: Uint8Array = new Uint8Array()
  let kind: StreamKind | undefined
  while (kind === undefined) {
    const next = await source.next()
    if (next.done !== true) {
      chunks.push(next.value)
      // What is blank so far need not be looked at again.
      start = of(start, false) === undefined && isBlank(start) ? next.value : Buffer.concat([start, next.value])
    }
    kind = of(start, next.done === true)
  }
  return { kind, bytes: again(chunks, source) }
}

async function* again(chunks: ReadonlyArray<Uint8Array>, source: AsyncIterator<Uint8Array>) {
  try {
    yield* chunks
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
  } finally {
    await source.return?.()
  }
}

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => blank.has(byte))

/** White space, and the three bytes of a byte order mark. */
const blank = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
const fields = [":", "data:", "event:", "id:", "retry:"]
const field = /^(?::|(?:data|event|id|retry)(?::|[\r\n]))/
const longestField = 6
