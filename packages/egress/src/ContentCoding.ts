/**
 * Decompresses response bodies. Some upstreams compress without being asked to:
 * https://www.iana.org/assignments/http-parameters#content-coding
 */
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib"

type Done = (error: NodeJS.ErrnoException | null, decoded: Buffer) => void
type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }, done: Done) => void

/**
 * `deflate` is the zlib format, but some servers omit the zlib header:
 * https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2
 */
const inflateAny: Decoder = (body, options, done) => (hasZlibHeader(body) ? inflate : inflateRaw)(body, options, done)

/**
 * https://www.rfc-editor.org/rfc/rfc1950#section-2.2: the method is 8, and both bytes together are a multiple of 31.
 */
const hasZlibHeader = ([method = 0, flags = 0]: Buffer): boolean =>
  (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0

/** A window of 8 MB, the maximum that a sender may use: https://www.rfc-editor.org/rfc/rfc9659#section-3 */
const zstd: Decoder = (body, options, done) =>
  zstdDecompress(body, { ...options, params: { [constants.ZSTD_d_windowLogMax]: 23 } }, done)

const decoders = new Map<string, Decoder>([
  ["identity", (body, _options, done) => done(null, body)],
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflateAny],
  ["zstd", zstd],
  ["br", brotliDecompress],
])

/**
 * The largest allowed ratio of decoded to encoded size, and a decoded size that is always allowed. JSON expands about
 * tenfold, vectors threefold, a decompression bomb a thousandfold. Apache has the same rule:
 * https://httpd.apache.org/docs/2.4/mod/mod_deflate.html#deflateinflateratiolimit
 */
const maxRatio = 200
const alwaysAllowedBytes = 1_000_000

export type Decoded =
  | { readonly body: Buffer }
  | { readonly problem: "unknown" | "unreadable" }
  /** The decoded body would exceed this number of bytes. */
  | { readonly largerThan: number }

/** Decodes a body to at most `limit` bytes. */
export const decode = (body: Buffer, encoding: string, limit: number, done: (decoded: Decoded) => void): void => {
  const decoder = decoders.get(encoding.trim().toLowerCase())
  if (decoder === undefined) return done({ problem: "unknown" })
  const maxOutputLength = Math.min(limit, Math.max(alwaysAllowedBytes, body.length * maxRatio))
  decoder(body, { maxOutputLength }, (error, decoded) => {
    if (error === null) done({ body: decoded })
    else done(error.code === "ERR_BUFFER_TOO_LARGE" ? { largerThan: maxOutputLength } : { problem: "unreadable" })
  })
}
