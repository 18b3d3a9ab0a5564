/** A connection to a destination: its name resolved, every address checked, and only a checked one connected to. */
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
  /** It leads to a private address. */
  readonly isPrivate: boolean
  /** Where it was kept for the next request: how many bytes had come by the end of the last answer. */
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
    const isPrivate = yield* Effect.fromResult(AddressRule.check(destination.host, resolution, settings.policy))
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
    // This listener stays: nobody else listens until the pool takes the socket over.
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

/** How long one address may keep the next from being tried; the last one has all the time that is left. */
const nextAddressMs = 1_000

const begin = (destination: Destination, resolution: Resolution, settings: Settings): Socket => {
  const { host } = destination
  const options: TcpNetConnectOpts = {
    // The addresses come from `only`, so that nothing is looked up again.
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

/** The network's errors have the system's names, `ECONNREFUSED`; the others are TLS's. */
const failure = (origin: string, { code = "unknown" }: NodeJS.ErrnoException): EgressError =>
  EgressError.from(
    /^E[A-Z]+$/.test(code) && code !== "EPROTO" ? new ConnectFailed({ origin, code }) : new TlsFailed({ origin, code }),
  )
