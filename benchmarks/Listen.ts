/** Listens on a free port of loopback, and prints the URL. */
import { once } from "node:events"
import { readFileSync } from "node:fs"
import * as Http from "node:http"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"

/** `served`: the files of a certificate and its key, for TLS, or nothing. */
export const listen = async (
  [certificate, key]: ReadonlyArray<string>,
  handle: (request: Http.IncomingMessage, response: Http.ServerResponse) => Promise<void>,
): Promise<void> => {
  const isTls = certificate !== undefined && key !== undefined
  const listener: Http.RequestListener = (request, response) => {
    // A caller that leaves ends its own request only.
    handle(request, response).catch((cause) => response.destroy(cause))
  }
  const server = isTls
    ? Https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener)
    : Http.createServer(listener)
  server.keepAliveTimeout = 60_000
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  console.log(`${isTls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`)
}
