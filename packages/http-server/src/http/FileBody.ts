/** A response that is a file, sent as fast as it is read. */
import { createReadStream } from "node:fs"
import type { OutgoingHttpHeaders, ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { Effect, type Scope } from "effect"

export interface File {
  readonly path: string
  readonly bytes: number
}

/** `E`: what it may fail with before its first byte. */
export class FileBody<out E = unknown> {
  /** The file has to exist until the scope closes. */
  readonly file: Effect.Effect<File, E, Scope.Scope>
  readonly contentType: string
  /** The name that the response proposes. */
  readonly name: string
  constructor(file: FileBody<E>["file"], contentType: string, name: string) {
    this.file = file
    this.contentType = contentType
    this.name = name
  }
}

export const headersOf = ({ contentType, name }: FileBody, { bytes }: File): OutgoingHttpHeaders => ({
  "Content-Type": contentType,
  "Content-Length": bytes,
  "Content-Disposition": `attachment; filename="${name}"`,
})

/** Sends it. Where it cannot be read, or its caller disconnects, the response ends before its `Content-Length`. */
export const send = ({ path }: File, response: ServerResponse): Effect.Effect<void> =>
  Effect.promise((signal) =>
    pipeline(createReadStream(path), response, { signal }).catch((error: Error) => {
      response.destroy(error)
    }),
  )
