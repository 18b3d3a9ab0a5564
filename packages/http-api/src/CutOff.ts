/** What a request is told that is still under way when the server waits no longer. */
import type { ServerResponse } from "node:http"
import * as OpenSearchError from "./OpenSearchError.ts"

export const cutOff = (response: ServerResponse): void => {
  if (response.writableEnded || response.destroyed) return
  const { status, body, text } = OpenSearchError.stopping
  // What has begun to be answered, and is not whole, is a stream.
  if (response.headersSent) return void response.end(`data: ${JSON.stringify({ error: text, status })}\n\n`)
  const json = JSON.stringify(body)
  const headers = { "Content-Type": "application/json; charset=UTF-8", "Content-Length": Buffer.byteLength(json) }
  response.writeHead(status, { ...headers, Connection: "close" }).end(json)
}
