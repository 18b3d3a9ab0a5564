/** A `node:http` server that belongs to a scope. Closing it stops accepting first, then waits for requests under way. */
import { performance } from "node:perf_hooks"
import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { Data, Effect, Option, type Scope } from "effect"

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
  /** Whether no other worker of this machine may serve that port. */
  readonly exclusive?: boolean | undefined
  /** How long requests under way may take to end when the server stops, in milliseconds. */
  readonly graceMillis: number
  readonly tls?: Tls | undefined
  /** Made once the address is known. `abandon` ends a response that takes longer than `graceMillis`. */
  readonly dispatcher: (address: AddressInfo) => {
    readonly listener: RequestListener
    readonly abandon: (response: ServerResponse) => void
  }
}

/** A certificate and its key, as PEM texts, and those that come after them. */
export interface Tls {
  readonly cert: string
  readonly key: string
  /** Is handed the function that takes a newer pair; answers how to stop watching. */
  readonly watch: (renew: (pair: { readonly cert: string; readonly key: string }) => void) => () => void
}

/** Listens until the scope closes; then accepts no more, waits for what is under way, and ends the rest. */
export const listen = (options: Options): Effect.Effect<AddressInfo, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const log = Effect.runForkWith(yield* Effect.context<never>())
    const note = noting((line) => log(Effect.logWarning(line)))
    const { address } = yield* Effect.acquireRelease(open(options, note), ({ stop }) => stop(options.graceMillis))
    return address
  })

interface Listening {
  readonly address: AddressInfo
  readonly stop: (graceMillis: number) => Effect.Effect<void>
}

/** The last answer of each connection; nothing where none was asked for. */
type Latest = Map<Duplex, ServerResponse | undefined>

const open = ({ host, port, exclusive = false, dispatcher, tls }: Options, note: (code: string | undefined) => void) =>
  Effect.callback<Listening, ListenError>((resume) => {
    const server = serverOf(tls)
    // By connection, which lives long: what is put into a set and taken out for each request, V8 keeps for long after.
    const latest: Latest = new Map()
    server.on(tls === undefined ? "connection" : "secureConnection", (socket: Duplex) => {
      latest.set(socket, undefined)
      socket.once("close", () => latest.delete(socket))
    })
    server.on("request", ({ socket }, response) => {
      latest.set(socket, response)
      if (!server.listening) response.shouldKeepAlive = false
    })
    server.on("clientError", (cause: ParserError, socket) => {
      note(cause.code)
      refuse(cause, socket)
    })
    // Who expects what is not known is answered as anybody is: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    server.on("checkExpectation", (request, response) => server.emit("request", request, response))
    server.once("error", (cause) =>
      resume(Effect.fail(new ListenError({ host, port, code: "code" in cause ? String(cause.code) : cause.name }))),
    )
    server.listen({ host, port, exclusive }, () => {
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("a TCP server has no TCP address")
      const { listener, abandon } = dispatcher(address)
      server.on("request", listener)
      resume(Effect.succeed({ address, stop: stop(server, latest, abandon) }))
    })
  })

/** https://owasp.org/www-project-cheat-sheets/cheatsheets/Transport_Layer_Security_Cheat_Sheet */
const serverOf = (tls: Tls | undefined): Server => {
  if (tls === undefined) return createServer(parsing)
  const { cert, key, watch } = tls
  const server = createSecureServer({ cert, key, minVersion: "TLSv1.2", ...parsing })
  const unwatch = watch((pair) => server.setSecureContext({ ...pair, minVersion: "TLSv1.2" }))
  server.on("close", unwatch)
  return server
}

/**
 * Without a Host header the guard answers, in the API's own words. A header that is there twice is joined, and so is refused by who
 * reads it: what stands before this server may go by the second.
 */
const parsing = { requireHostHeader: false, joinDuplicateHeaders: true } as const

/** In ms: how long a request may be on its way on a new connection, and a last word on an old one. */
const momentMillis = 1_000

const stop = (server: Server, latest: Latest, abandon: (response: ServerResponse) => void) =>
  Effect.fnUntraced(function* (graceMillis: number) {
    for (const [socket, response] of latest)
      if (response?.headersSent === false) response.shouldKeepAlive = false
      else if (response?.writableEnded === false) response.once("finish", () => socket.end())
    const closed = new Promise<true>((resolve) => server.close(() => resolve(true)))
    const isClosedWithin = (millis: number) =>
      Effect.map(
        Effect.timeoutOption(
          Effect.promise(() => closed),
          Math.max(0, millis),
        ),
        Option.isSome,
      )

    if (yield* isClosedWithin(Math.min(momentMillis, graceMillis))) return
    // Node closes connections that have been used and are idle, and waits for those that never were.
    for (const [socket, response] of latest) if (response === undefined) socket.destroy()
    if (yield* isClosedWithin(graceMillis - momentMillis)) return
    for (const response of latest.values()) if (response?.writableEnded === false) abandon(response)
    yield* isClosedWithin(momentMillis)
    server.closeAllConnections()
  })

type ParserError = Error & { readonly code?: string }

const quietMillis = 10_000

/**
 * Logs which rule of HTTP a connection broke, never its bytes. Since a scanner sends thousands, what follows within ten seconds is
 * counted, and the next line has the number. A connection that its client cut is none of these.
 */
export const noting = (log: (line: string) => void, now: () => number = () => performance.now()) => {
  let last = -Infinity
  let silent = 0
  return (code: string | undefined): void => {
    if (code === undefined || !(code.startsWith("HPE_") || Object.hasOwn(refusals, code))) return
    if (now() - last < quietMillis) {
      silent += 1
      return
    }
    last = now()
    log(
      `A request was refused by the HTTP parser: ${code}${silent === 0 ? "" : `; ${silent} more since the last such line`}`,
    )
    silent = 0
  }
}

/** Responds to input that is not valid HTTP or exceeds the limits of the parser. */
const refuse = (cause: ParserError, socket: Duplex): void => {
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
