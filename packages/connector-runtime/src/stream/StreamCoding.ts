/** Streams that come compressed: https://www.iana.org/assignments/http-parameters#content-coding */
import { pipeline, Readable, type Transform } from "node:stream"
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib"
import { EgressError, ResponseTooLarge, UnsupportedContentEncoding } from "@drawbar/egress/EgressError"

/** What has come so far is given on at once, not only at the end. */
const flush = constants.Z_SYNC_FLUSH
const gunzip = () => createGunzip({ flush })

/** The decoder of an encoding; `first` is the first byte of the body. */
const decoders = new Map<string, (first: number) => Transform>([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  // The standard's deflate has zlib's head (RFC 1950); the bare one is sent as well.
  ["deflate", (first) => ((first & 0x0f) === 8 ? createInflate({ flush }) : createInflateRaw({ flush }))],
  ["br", () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
  ["zstd", () => createZstdDecompress({ flush: constants.ZSTD_e_flush })],
])

/** As of whole bodies (`ContentCoding`): how many times its size a stream may become, in bytes what is harmless, and the most. */
const maxRatio = 200
const harmless = 1_000_000
const maxBytes = 100_000_000

export interface Coded {
  readonly bytes: AsyncIterable<Uint8Array>
  /** The value of `content-encoding`; absent: there is none. */
  readonly encoding: string | undefined
  readonly origin: string
}

/** The bytes as they were before; it throws an `EgressError` where they cannot be read, or become too many. */
export const decoded = ({ bytes, encoding, origin }: Coded): AsyncIterable<Uint8Array> => {
  const name = (encoding ?? "identity").trim().toLowerCase()
  if (name === "identity" || name === "") return bytes
  const decoder = decoders.get(name)
  if (decoder === undefined) throw EgressError.from(new UnsupportedContentEncoding({ origin, encoding: name }))
  return inflated(bytes, decoder, origin, name)
}

async function* inflated(
  bytes: AsyncIterable<Uint8Array>,
  decoder: (first: number) => Transform,
  origin: string,
  encoding: string,
): AsyncGenerator<Uint8Array, void> {
  const source = bytes[Symbol.asyncIterator]()
  let received = 0
  const counted = (chunk: Uint8Array) => {
    received += chunk.length
    return chunk
  }
  let made = 0
  try {
    let next = await source.next()
    while (next.done !== true && next.value.length === 0) next = await source.next()
    if (next.done === true) return
    const [first] = next.value
    async function* rest(chunk: Uint8Array) {
      yield counted(chunk)
      for (let more = await source.next(); more.done !== true; more = await source.next()) yield counted(more.value)
    }
    const decoding = pipeline(Readable.from(rest(next.value)), decoder(first ?? 0), () => {})
    for await (const chunk of decoding) {
      made += chunk.length
      const limit = Math.min(maxBytes, Math.max(harmless, received * maxRatio))
      if (made > limit) throw EgressError.from(new ResponseTooLarge({ origin, part: "decompressed body", limit }))
      yield chunk
    }
  } catch (cause) {
    throw cause instanceof EgressError ? cause : EgressError.from(new UnsupportedContentEncoding({ origin, encoding }))
  } finally {
    await source.return?.()
  }
}
