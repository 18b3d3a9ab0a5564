/** A listening `node:http` server that belongs to a scope: it stops accepting first, and cuts nobody off before his time. */
import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { Data, Effect, type Scope } from "effect"

export class ListenError extends Data.TaggedError("ListenError")<{
  readonly code: string
  readonly host: string
  readonly port: number
}> {
  override get message() {
    return `Cannot listen on ${this.host}:${this.port} (${this.code})`
  }
}

export interface Options {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** How long requests under way may take to end when the server stops, in milliseconds. */
  readonly graceMillis: number
  /** Made once the address is known. */
  readonly listener: (address: AddressInfo) => RequestListener
}

/** Listens until the scope closes; then accepts no more, waits for what is under way, and ends the rest. */
export const listen = (options: Options): Effect.Effect<AddressInfo, ListenError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(open(options), ({ stop }) => stop(options.graceMillis)),
    ({ address }) => address,
  )

interface Listening {
  readonly address: AddressInfo
  readonly stop: (graceMillis: number) => Effect.Effect<void>
}

const open = ({ host, port, listener }: Options) =>
  Effect.callback<Listening, ListenError>((resume) => {
    // Without a Host header the guard answers, in the API's own words.
    const server = createServer({ requireHostHeader: false })
    const underWay = new Set<ServerResponse>()
    server.on("request", (_request, response) => {
      underWay.add(response)
      response.on("close", () => underWay.delete(response))
    })
    server.on("clientError", refuse)
    server.once("error", (cause) =>
      resume(Effect.fail(new ListenError({ host, port, code: "code" in cause ? String(cause.code) : cause.name }))),
    )
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("a TCP server has no TCP address")
      server.on("request", listener(address))
      resume(Effect.succeed({ address, stop: stop(server, underWay) }))
    })
  })

const stop = (server: Server, underWay: ReadonlySet<ServerResponse>) => (graceMillis: number) =>
  Effect.callback<void>((resume) => {
    for (const response of underWay) response.shouldKeepAlive = false
    server.close(() => resume(Effect.void))
  }).pipe(Effect.timeoutOption(graceMillis), Effect.andThen(Effect.sync(() => server.closeAllConnections())))

/** Answers what is not even HTTP, or too much of it. */
const refuse = (cause: Error & { readonly code?: string }, socket: Duplex): void => {
  if (!socket.writable) return void socket.destroy()
  const [status, reason] = refusals[cause.code ?? ""] ?? [400, "The request is not HTTP/1.1"]
  const body = JSON.stringify({ error: reason, status })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=UTF-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

const refusals: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The request's headers are larger than 16 KiB"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come to its end in time"],
}
