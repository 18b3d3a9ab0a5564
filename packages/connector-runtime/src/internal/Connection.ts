/** A connection to a destination: its name resolved, every address checked, and only a checked one connected to. */
import { Effect } from "effect"
import { connect as connectTcp, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from "node:net"
import { checkServerIdentity, connect as connectTls, type SecureContext } from "node:tls"
import type { Destination } from "../Destination.ts"
import { because, ConnectFailed, ConnectTimeout, type EgressError, TlsFailed } from "../EgressError.ts"
import type { Policy } from "../EgressPolicy.ts"
import type { Resolution, Resolver } from "../Resolver.ts"
import * as AddressRule from "./AddressRule.ts"

export interface Connection {
  readonly socket: Socket
  /** It leads to a private address. */
  readonly isPrivate: boolean
}

export interface Settings {
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
    if (isPrivate) yield* Effect.fromResult(destination.inside)
    const socket = yield* connect(destination, resolution, settings)
    return { socket, isPrivate }
  },
  (connection, { origin }, { timeoutMs }) =>
    Effect.timeoutOrElse(connection, {
      duration: timeoutMs,
      orElse: () => Effect.fail(because(new ConnectTimeout({ origin, millis: timeoutMs }))),
    }),
)

const connect = (
  destination: Destination,
  resolution: Resolution,
  settings: Settings,
): Effect.Effect<Socket, EgressError> =>
  Effect.callback((resume) => {
    const socket = begin(destination, resolution, settings)
    // This listener stays: nobody else listens until the pool takes the socket over.
    socket.on("error", (error) => resume(Effect.fail(failure(destination.origin, error))))
    socket.once(destination.secure ? "secureConnect" : "connect", () => resume(Effect.succeed(socket)))
    return Effect.sync(() => socket.destroy())
  })

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
  if (!destination.secure) return connectTcp(options)
  return connectTls({
    ...options,
    ...(isIP(host) > 0 ? {} : { servername: host }),
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    secureContext: settings.secureContext,
    rejectUnauthorized: settings.verify,
    ALPNProtocols: ["http/1.1"],
  })
}

const only =
  (addresses: ReadonlyArray<string>): LookupFunction =>
  (_host, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    if (all === true) done(null, found)
    else done(null, found[0]?.address ?? "", found[0]?.family)
  }

/** The network's errors have the system's names, `ECONNREFUSED`; the others are TLS's. */
const failure = (origin: string, { code = "unknown" }: NodeJS.ErrnoException): EgressError =>
  because(
    /^E[A-Z]+$/.test(code) && code !== "EPROTO" ? new ConnectFailed({ origin, code }) : new TlsFailed({ origin, code }),
  )
