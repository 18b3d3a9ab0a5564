/** Bodies that come compressed, answers although nobody asked for it: https://www.iana.org/assignments/http-parameters#content-coding */
import { brotliDecompress, gunzip, inflate } from "node:zlib"

type Done = (error: NodeJS.ErrnoException | null, decoded: Buffer) => void
type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }, done: Done) => void

const decoders = new Map<string, Decoder>([
  ["identity", (body, _options, done) => done(null, body)],
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
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
