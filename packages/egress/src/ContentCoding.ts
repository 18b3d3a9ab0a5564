/** Bodies that come compressed, answers although nobody asked for it: https://www.iana.org/assignments/http-parameters#content-coding */
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib"

type Done = (error: NodeJS.ErrnoException | null, decoded: Buffer) => void
type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }, done: Done) => void

/** `deflate` is the format of zlib, and some servers send it without zlib's header: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2 */
const inflateAny: Decoder = (body, options, done) => (hasZlibHeader(body) ? inflate : inflateRaw)(body, options, done)

/** https://www.rfc-editor.org/rfc/rfc1950#section-2.2: the method is 8, and both bytes are a multiple of 31. */
const hasZlibHeader = ([method = 0, flags = 0]: Buffer): boolean =>
  (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0

/** A window of 8 MB, which is all that a sender may use: https://www.rfc-editor.org/rfc/rfc9659#section-3 */
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
 * How many times its size a body may become, and how large it may become in any case. JSON becomes ten times as large, vectors three
 * times; a bomb a thousand times. As Apache has it: https://httpd.apache.org/docs/2.4/mod/mod_deflate.html#deflateinflateratiolimit
 */
const most = 200
const harmless = 1_000_000

export type Decoded =
  | { readonly body: Buffer }
  | { readonly problem: "unknown" | "unreadable" }
  /** It would become larger than so many bytes. */
  | { readonly largerThan: number }

/** Decodes a body of at most `limit` bytes once decoded. */
export const decode = (body: Buffer, encoding: string, limit: number, done: (decoded: Decoded) => void): void => {
  const decoder = decoders.get(encoding.trim().toLowerCase())
  if (decoder === undefined) return done({ problem: "unknown" })
  const maxOutputLength = Math.min(limit, Math.max(harmless, body.length * most))
  decoder(body, { maxOutputLength }, (error, decoded) => {
    if (error === null) done({ body: decoded })
    else done(error.code === "ERR_BUFFER_TOO_LARGE" ? { largerThan: maxOutputLength } : { problem: "unreadable" })
  })
}
