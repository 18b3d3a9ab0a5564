/**
 * The only way to the network. Every connection goes to an address that was checked, every response is limited in time
 * and bytes, and redirects are not followed: a response with status 3xx is returned as it is.
 */
import { Context, Effect, Layer, RcMap, Result, type Scope } from "effect"
import { isIP } from "node:net"
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls"
import { EgressError, TlsFailed, VerificationRequired } from "./EgressError.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import type { ClientIdentity } from "./ClientIdentity.ts"
import { type ConnectionOptions, defaultConnectionOptions, type EgressPool } from "./EgressPool.ts"
import { EgressPolicy } from "./EgressPolicy.ts"
import * as AddressRule from "./internal/AddressRule.ts"
import type { ConnectionEvent } from "./ConnectionEvent.ts"
import * as OriginPool from "./internal/OriginPool.ts"
import * as Origin from "./Origin.ts"
import { Resolver } from "./Resolver.ts"

export interface OpenOptions {
  /** Scheme, host and port, as a URL without a path. Every request of the pool is bound to it. */
  readonly origin: string
  /** Missing options take the values of `defaultConnectionOptions`. */
  readonly connection?: Partial<ConnectionOptions>
  /** How long a request may wait for a free connection; 10 s if absent. */
  readonly acquireTimeoutMs?: number
  /** Called with the events of each new connection. */
  readonly observe?: (event: ConnectionEvent) => void
  /** The client certificate for mutual TLS, and the authority that issued the upstream's certificate. */
  readonly identity?: ClientIdentity
}

export interface LayerOptions {
  /** PEM texts of authorities to trust in addition to the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string>
  /** Allows connectors to set `skip_ssl_verification`. */
  readonly allowUnverifiedTls?: boolean
}

export class Egress extends Context.Service<
  Egress,
  {
    /**
     * Opens a bounded pool of connections to one origin. The origin's scheme, port and address are checked now; the
     * trusted list is checked for each request, because its entries may include paths. The pool closes with the scope,
     * after its pending requests have ended.
     */
    readonly open: (options: OpenOptions) => Effect.Effect<EgressPool, EgressError, Scope.Scope>
    /** Whether the layer allows connections with these options. */
    readonly permits: (
      origin: string,
      options: Pick<ConnectionOptions, "verifyCertificates">,
    ) => Result.Result<void, EgressError>
  }
>()("@drawbar/egress/Egress") {
  static readonly layer = (options: LayerOptions = {}) => Layer.effect(Egress, make(options))
}

const make = Effect.fnUntraced(function* (options: LayerOptions) {
  const resolver = yield* Resolver
  const policies = yield* EgressPolicy
  const authorities = options.certificateAuthorities ?? []
  const secureContext = tlsContext(authorities)
  // One per origin, for as long as a pool to that origin exists.
  const breakers = yield* RcMap.make({ lookup: (origin: string) => Effect.sync(() => CircuitBreaker.make(origin)) })

  const permits = (
    origin: string,
    { verifyCertificates }: Pick<ConnectionOptions, "verifyCertificates">,
  ): Result.Result<void, EgressError> =>
    !verifyCertificates && options.allowUnverifiedTls !== true
      ? Result.fail(EgressError.from(new VerificationRequired({ origin })))
      : Result.void

  const open = Effect.fnUntraced(function* (target: OpenOptions) {
    const bound = yield* Effect.fromResult(Origin.of(target.origin))
    const { origin, host, port } = bound
    // A name is resolved when a connection is opened; a literal address can be checked now.
    if (isIP(host) > 0)
      yield* Effect.fromResult(AddressRule.check(bound, yield* resolver.resolve(host, port), policies.current()))
    const connection = { ...defaultConnectionOptions, ...target.connection }
    yield* Effect.fromResult(permits(origin, connection))

    const pool = yield* OriginPool.make(bound, {
      resolver,
      policies,
      verify: connection.verifyCertificates,
      secureContext:
        target.identity === undefined ? secureContext : yield* clientTlsContext(origin, target.identity, authorities),
      maxConnections: connection.maxConnections,
      connectTimeoutMs: connection.connectTimeoutMs,
      acquireTimeoutMs: target.acquireTimeoutMs ?? 10_000,
      observe: target.observe,
    })
    // An observer of the connection needs to see why it fails, so the circuit breaker does not hide the cause.
    return target.observe === undefined ? withCircuitBreaker(pool, yield* RcMap.get(breakers, origin)) : pool
  })

  return { open, permits }
})

const withCircuitBreaker = (
  { origin, state, send, stream }: EgressPool,
  { through, isOpen }: CircuitBreaker.CircuitBreaker,
): EgressPool => ({
  origin,
  state: () => ({ ...state(), resting: isOpen() }),
  send: (request, limits) => through(send(request, limits)),
  stream: (request, limits) => through(stream(request, limits)),
})

const tlsContext = (authorities: ReadonlyArray<string>, identity: OpenOptions["identity"] = {}): SecureContext => {
  const { ca = [], ...own } = identity
  const extra = [...authorities, ...(Array.isArray(ca) ? ca : [ca])]
  return createSecureContext({ ...own, ...(extra.length > 0 && { ca: [...getCACertificates("default"), ...extra] }) })
}

const clientTlsContext = (
  origin: string,
  identity: OpenOptions["identity"],
  authorities: ReadonlyArray<string>,
): Effect.Effect<SecureContext, EgressError> =>
  Effect.try({
    try: () => tlsContext(authorities, identity),
    catch: () => EgressError.from(new TlsFailed({ origin, code: "the client certificate and key cannot be read" })),
  })
