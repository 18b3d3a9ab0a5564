/**
 * The only door to the network. Every connection is to an address that was checked, every answer is bounded in time and in
 * bytes, and no redirect is followed: an answer of status 3xx is an answer.
 */
import type { ClientConfig } from "@drawbar/blueprint-schema/ClientConfig"
import { Context, Effect, Layer, RcMap, Result, type Scope } from "effect"
import { isIP } from "node:net"
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls"
import { because, type EgressError, TlsFailed, VerificationRequired } from "./EgressError.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import type { ClientIdentity } from "./ClientIdentity.ts"
import type { EgressPool } from "./EgressPool.ts"
import { EgressPolicy } from "./EgressPolicy.ts"
import * as AddressRule from "./internal/AddressRule.ts"
import type { ConnectionEvent } from "./internal/Connection.ts"
import * as OriginPool from "./internal/OriginPool.ts"
import * as Origin from "./Origin.ts"
import { Resolver } from "./Resolver.ts"

export type { ConnectionEvent } from "./internal/Connection.ts"
export type { EgressPool, EgressRequest, Limits, RemoteResponse } from "./EgressPool.ts"

export interface OpenOptions {
  /** Scheme, host and port, as a URL without a path. Every request of the pool is bound to it. */
  readonly origin: string
  /** `max_connection`, `connection_timeout` and `skip_ssl_verification`, which the layer has to allow. */
  readonly config: ClientConfig
  /** How long a request may wait for a free connection; 10 s if absent. */
  readonly acquireTimeoutMs?: number
  /** Is told how each connection comes about. */
  readonly observe?: (event: ConnectionEvent) => void
  /** The client's certificate for mutual TLS, and the authority that certified the platform. */
  readonly identity?: ClientIdentity
}

export interface LayerOptions {
  /** PEM texts of authorities to trust beside the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string>
  /** Lets connectors set `skip_ssl_verification`. */
  readonly allowUnverifiedTls?: boolean
}

export class Egress extends Context.Service<
  Egress,
  {
    /**
     * A bounded pool of connections to one origin. Its scheme, port and address are checked now, the trusted list at each
     * request, because its entries know of paths. It closes with the scope, after what is under way has ended.
     */
    readonly open: (options: OpenOptions) => Effect.Effect<EgressPool, EgressError, Scope.Scope>
    /** Whether the operator lets connections be made in this way. */
    readonly permits: (origin: string, config: ClientConfig) => Result.Result<void, EgressError>
  }
>()("@drawbar/connector-runtime/Egress") {
  static readonly layer = (options: LayerOptions = {}) => Layer.effect(Egress, make(options))
}

const make = Effect.fnUntraced(function* (options: LayerOptions) {
  const resolver = yield* Resolver
  const policies = yield* EgressPolicy
  const authorities = options.certificateAuthorities ?? []
  const secureContext = trusting(authorities)
  // One an origin, as long as there is a pool to it.
  const breakers = yield* RcMap.make({ lookup: (origin: string) => Effect.sync(() => CircuitBreaker.make(origin)) })

  const permits = (origin: string, { skip_ssl_verification }: ClientConfig): Result.Result<void, EgressError> =>
    skip_ssl_verification && options.allowUnverifiedTls !== true
      ? Result.fail(because(new VerificationRequired({ origin })))
      : Result.void

  const open = Effect.fnUntraced(function* (target: OpenOptions) {
    const bound = yield* Effect.fromResult(Origin.of(target.origin))
    const { origin, host, port } = bound
    // A name is resolved when it is connected to; an address is known now.
    if (isIP(host) > 0)
      yield* Effect.fromResult(AddressRule.check(host, yield* resolver.resolve(host, port), policies.current()))
    yield* Effect.fromResult(permits(origin, target.config))
    const verify = !target.config.skip_ssl_verification

    const pool = yield* OriginPool.make(bound, {
      resolver,
      policies,
      verify,
      secureContext:
        target.identity === undefined ? secureContext : yield* identified(origin, target.identity, authorities),
      maxConnections: target.config.max_connection,
      connectTimeoutMs: target.config.connection_timeout * 1000,
      acquireTimeoutMs: target.acquireTimeoutMs ?? 10_000,
      observe: target.observe,
    })
    // Whoever watches a connection come about wants to see why it does not.
    return target.observe === undefined ? guarded(pool, yield* RcMap.get(breakers, origin)) : pool
  })

  return { open, permits }
})

const guarded = (
  { origin, state, send, stream }: EgressPool,
  { through, isOpen }: CircuitBreaker.CircuitBreaker,
): EgressPool => ({
  origin,
  state: () => ({ ...state(), resting: isOpen() }),
  send: (request, limits) => through(send(request, limits)),
  stream: (request, limits) => through(stream(request, limits)),
})

const trusting = (authorities: ReadonlyArray<string>, identity: OpenOptions["identity"] = {}): SecureContext => {
  const { ca = [], ...own } = identity
  const extra = [...authorities, ...(Array.isArray(ca) ? ca : [ca])]
  return createSecureContext({ ...own, ...(extra.length > 0 && { ca: [...getCACertificates("default"), ...extra] }) })
}

const identified = (
  origin: string,
  identity: OpenOptions["identity"],
  authorities: ReadonlyArray<string>,
): Effect.Effect<SecureContext, EgressError> =>
  Effect.try({
    try: () => trusting(authorities, identity),
    catch: () => because(new TlsFailed({ origin, code: "the client's certificate and key cannot be read" })),
  })
