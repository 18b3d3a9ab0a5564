/** Bodies that a platform compresses although nobody asked it to. */
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from "node:zlib"

type Done = (error: NodeJS.ErrnoException | null, decoded: Buffer) => void

/** https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding */
const decoders = new Map<string, (body: Buffer, options: ZlibOptions, done: Done) => void>([
  ["identity", (body, _options, done) => done(null, body)],
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
  ["br", (body, { maxOutputLength = 0 }, done) => brotliDecompress(body, { maxOutputLength }, done)],
])

export type Decoded = { readonly body: Buffer } | { readonly problem: "unreadable" | "too large" }

/** Decodes a body of at most `limit` bytes once decoded. */
export const decode = (body: Buffer, encoding: string, limit: number, done: (decoded: Decoded) => void): void => {
  const decoder = decoders.get(encoding.trim().toLowerCase())
  if (decoder === undefined) return done({ problem: "unreadable" })
  decoder(body, { maxOutputLength: limit }, (error, decoded) => {
    if (error === null) done({ body: decoded })
    else done({ problem: error.code === "ERR_BUFFER_TOO_LARGE" ? "too large" : "unreadable" })
  })
}
