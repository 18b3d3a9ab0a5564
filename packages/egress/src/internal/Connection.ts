/** Opens a connection to a destination: resolves its name, checks every address, and connects only to a checked one. */
import { Effect } from "effect"
import { connect as connectTcp, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from "node:net"
import {
  checkServerIdentity,
  type ConnectionOptions,
  connect as connectTls,
  type SecureContext,
  TLSSocket,
} from "node:tls"
import type { ConnectionEvent } from "../ConnectionEvent.ts"
import type { Destination } from "../Destination.ts"
import { ConnectFailed, ConnectTimeout, EgressError, TlsFailed } from "../EgressError.ts"
import type { Policy } from "../EgressPolicy.ts"
import type { Resolution, Resolver } from "../Resolver.ts"
import * as AddressRule from "./AddressRule.ts"
import * as Tunnel from "./Tunnel.ts"

export interface Connection {
  readonly socket: Socket
  /** Whether the address is private. */
  readonly isPrivate: boolean
  /** For a connection kept for the next request: the bytes read by the end of the previous response. */
  readBefore: number | undefined
}

export interface Settings {
  readonly observe?: ((event: ConnectionEvent) => void) | undefined
  readonly resolver: Resolver["Service"]
  readonly policy: Policy
  readonly timeoutMs: number
  readonly secureContext: SecureContext
  readonly verify: boolean
}

export const open = Effect.fnUntraced(
  function* (destination: Destination, settings: Settings) {
    const resolution = yield* settings.resolver.resolve(destination.host, destination.port)
    const isPrivate = yield* Effect.fromResult(AddressRule.check(destination, resolution, settings.policy))
    settings.observe?.({ stage: "resolved", addresses: resolution.addresses })
    if (isPrivate) yield* Effect.fromResult(destination.inside)
    const socket = yield* connect(destination, resolution, settings)
    return { socket, isPrivate, readBefore: undefined }
  },
  (connection, { origin }, { timeoutMs }) =>
    Effect.timeoutOrElse(connection, {
      duration: timeoutMs,
      orElse: () => Effect.fail(EgressError.from(new ConnectTimeout({ origin, millis: timeoutMs }))),
    }),
)

const connect = (
  destination: Destination,
  resolution: Resolution,
  settings: Settings,
): Effect.Effect<Socket, EgressError> =>
  resolution.proxy === undefined
    ? secured(destination, settings, () => begin(destination, resolution, settings))
    : Effect.flatMap(Tunnel.open(resolution.proxy, destination), (socket) =>
        destination.secure
          ? secured(destination, settings, () => connectTls({ ...tlsOptions(destination, settings), socket }))
          : Effect.succeed(socket),
      )

const secured = (
  destination: Destination,
  settings: Settings,
  start: () => Socket,
): Effect.Effect<Socket, EgressError> =>
  Effect.callback((resume) => {
    const socket = start()
    if (settings.observe !== undefined) watch(socket, settings.observe)
    // This listener stays, because nothing else listens until the pool takes the socket.
    socket.on("error", (error) => resume(Effect.fail(failure(destination.origin, error))))
    socket.once(destination.secure ? "secureConnect" : "connect", () => resume(Effect.succeed(socket)))
    return Effect.sync(() => socket.destroy())
  })

const watch = (socket: Socket, observe: (event: ConnectionEvent) => void): void => {
  socket.once("connect", () =>
    observe({ stage: "connected", address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 }),
  )
  socket.once("secureConnect", () => {
    if (!(socket instanceof TLSSocket)) return
    const { subject, issuer, valid_to } = socket.getPeerCertificate()
    const certificate = { subject: String(subject?.CN ?? ""), issuer: String(issuer?.CN ?? ""), valid_to }
    observe({ stage: "secured", protocol: socket.getProtocol() ?? "", certificate })
  })
}

/** How long one address may delay the attempt at the next; the last one has all the remaining time. */
const nextAddressMs = 1_000

const begin = (destination: Destination, resolution: Resolution, settings: Settings): Socket => {
  const { host } = destination
  const options: TcpNetConnectOpts = {
    // The addresses come from `only`, so that the name is not resolved again.
    host: isIP(host) > 0 ? resolution.addresses[0] : host,
    port: resolution.port,
    lookup: only(resolution.addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  }
  return destination.secure ? connectTls({ ...options, ...tlsOptions(destination, settings) }) : connectTcp(options)
}

const tlsOptions = ({ host }: Destination, { secureContext, verify }: Settings): ConnectionOptions => ({
  ...(isIP(host) > 0 ? {} : { servername: host }),
  checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  secureContext,
  rejectUnauthorized: verify,
  ALPNProtocols: ["http/1.1"],
})

const only =
  (addresses: ReadonlyArray<string>): LookupFunction =>
  (_host, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    if (all === true) done(null, found)
    else done(null, found[0]?.address ?? "", found[0]?.family)
  }

/** Network errors have system names such as `ECONNREFUSED`; the others come from TLS. */
const failure = (origin: string, { code = "unknown" }: NodeJS.ErrnoException): EgressError =>
  EgressError.from(
    /^E[A-Z]+$/.test(code) && code !== "EPROTO" ? new ConnectFailed({ origin, code }) : new TlsFailed({ origin, code }),
  )
