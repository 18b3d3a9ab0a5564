import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import type { Server } from "node:net"
import { TLSSocket } from "node:tls"
import { buffer } from "node:stream/consumers"
import * as Answer from "./Answer.ts"
import * as Certificate from "./Certificate.ts"
import type { Received } from "./Received.ts"

export interface Options {
  /** Decides each response; by default an empty JSON object. */
  readonly handler?: Answer.Handler
  /** Host names of the upstream's TLS certificate, in addition to `localhost` and `127.0.0.1`; `true` for no others. */
  readonly tls?: boolean | ReadonlyArray<string>
}

/** An upstream that listens on a free loopback port. */
export interface StubPlatform extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** The authority to trust, in PEM; empty without TLS. */
  readonly ca: string
  /** Every request that was received completely, in order; the list grows. */
  readonly requests: ReadonlyArray<Received>
  /** Closes open connections and stops listening. */
  close(): Promise<void>
}

const receive = async (request: IncomingMessage): Promise<Received> => {
  const bytes = await buffer(request)
  const { rawHeaders, method = "", url: target = "" } = request
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as const] : [],
  )
  return { method, target, headers, bytes, text: bytes.toString("utf8"), remotePort: request.socket.remotePort ?? 0 }
}

const writeHead = (response: ServerResponse, { status, headers, body }: Answer.Response) =>
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) })

const perform = (answer: Answer.Answer, response: ServerResponse): void => {
  switch (answer.kind) {
    case "response":
      writeHead(response, answer).end(answer.body)
      return
    case "hang":
      return
    case "reset":
      // A TLS socket cannot be reset directly.
      if (response.socket instanceof TLSSocket) response.socket.destroy()
      else response.socket?.resetAndDestroy()
      return
    case "stream":
      void pour(answer, response)
      return
    case "half": {
      const body = Buffer.from(answer.of.body)
      const sent = body.subarray(0, body.byteLength >> 1)
      // Reset in the callback: bytes that are still queued when a socket is destroyed are never sent.
      writeHead(response, answer.of).write(sent, () => {
        if (answer.ending === "reset") response.socket?.destroy()
      })
    }
  }
}

const pour = async ({ headers, pieces, ending, aborted }: Answer.Stream, response: ServerResponse): Promise<void> => {
  response.on("close", () => {
    if (!response.writableFinished) aborted?.()
  })
  response.writeHead(200, headers)
  response.flushHeaders()
  for await (const piece of pieces) {
    if (response.destroyed) return
    if (!response.write(piece)) await drained(response)
  }
  if (ending === "end") response.end()
  // Sends the queued data first.
  if (ending === "reset") response.socket?.destroySoon()
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      response.off("drain", go).off("close", go)
      resolve()
    }
    response.once("drain", go).once("close", go)
  })

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })

/** Starts an upstream; `await using` stops it. */
export const start = async ({ handler = () => Answer.json({}), tls = false }: Options = {}): Promise<StubPlatform> => {
  const requests: Array<Received> = []
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const received = await receive(request)
      requests.push(received)
      perform(await handler(received), response)
    } catch (cause) {
      if (!response.destroyed) perform(Answer.text(`The stub's handler failed: ${String(cause)}`, 500), response)
    }
  }
  const hosts = ["localhost", "127.0.0.1", ...(typeof tls === "boolean" ? [] : tls)]
  const certificate = tls === false ? undefined : Certificate.issue(hosts)
  const server =
    certificate === undefined
      ? createHttpServer(serve)
      : createHttpsServer({ cert: certificate.certificate, key: certificate.key }, serve)
  const port = await listen(server)

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    ca: certificate?.ca ?? "",
    requests,
    close,
    [Symbol.asyncDispose]: close,
  }
}
