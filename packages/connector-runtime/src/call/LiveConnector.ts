/** A connector ready to be called: compiled, its secrets at hand, its connections bound to the origins of its actions. */
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import { type Credential, names } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Exit, Redacted } from "effect"
import * as Authorization from "../auth/Authorization.ts"
import * as ClientCertificate from "../auth/ClientCertificate.ts"
import type { CompiledAction, CompiledConnector } from "./CompiledConnector.ts"
import { ConnectorError } from "../ConnectorError.ts"
import type { ConnectionEvent } from "@drawbar/egress/ConnectionEvent"
import type { Egress } from "@drawbar/egress/Egress"
import type { EgressPool, EgressResponse } from "@drawbar/egress/EgressPool"
import type { EgressError } from "@drawbar/egress/EgressError"
import type { StreamedResponse } from "@drawbar/egress/EgressPool"
import type { CallObserver } from "./CallObserver.ts"
import type { CallOptions } from "./CallOptions.ts"
import type { CallTarget } from "./CallTarget.ts"
import * as HttpClientOptions from "./HttpClientOptions.ts"
import * as RemoteFailure from "../response/RemoteFailure.ts"
import type { UpstreamRequest } from "./UpstreamRequest.ts"
import * as RetryBudget from "@drawbar/egress/RetryBudget"
import * as ScriptWorld from "../processors/ScriptWorld.ts"
import * as SecretMask from "../response/SecretMask.ts"
import * as UpstreamFailure from "../response/UpstreamFailure.ts"
import * as Transport from "@drawbar/egress/Transport"

export interface LiveConnector {
  readonly compiled: CompiledConnector
  /** For messages: by which ids it can be changed. */
  readonly ref: UpstreamFailure.ConnectorRef
  readonly credential: Credential
  readonly config: ClientConfig.ClientConfig
  readonly authorise: Authorization.Authorization
  /** The value of a credential by its name. */
  readonly secret: (name: string) => string
  readonly mask: SecretMask.SecretMask
  readonly pools: ReadonlyMap<string, EgressPool>
  readonly budget: RetryBudget.RetryBudget
  readonly longestCallMs: number
  /** What its scripts learn of the time and chance. */
  readonly world: ScriptWorld.ScriptWorld
}

/** The server's own bounds of every call, in ms. */
export const Bounds = Context.Reference("@drawbar/connector-runtime/LiveConnector/Bounds", {
  defaultValue: () => ({
    /** What it may take at the most, however slowly its platform trickles; longer only where the connector asks for it. */
    longestCallMs: 600_000,
    /** How long it may wait for a free connection. */
    acquireTimeoutMs: 10_000,
  }),
})

export interface Options {
  /** In place of the connector's own. */
  readonly config?: ClientConfig.ClientConfig
  /** Called with the progress of each connection attempt. */
  readonly observe?: (event: ConnectionEvent) => void
  /** Shared by all that is opened of one connector; absent: its own. */
  readonly budget?: RetryBudget.RetryBudget
  readonly ref?: UpstreamFailure.ConnectorRef
}

export const configOf = ({ connector }: CompiledConnector): ClientConfig.ClientConfig =>
  connector.client_config ?? ClientConfig.defaults

/** Opens a connector's connections; they close with the scope, after what is under way has ended. */
export const open = Effect.fnUntraced(function* (
  egress: Egress["Service"],
  compiled: CompiledConnector,
  credential: Credential,
  { config = configOf(compiled), budget = RetryBudget.make(), ref = {}, ...observed }: Options = {},
) {
  const origins = new Set(compiled.actions.map(({ url }) => url.origin))
  const pools = new Map<string, EgressPool>()
  const { longestCallMs, acquireTimeoutMs } = yield* Bounds
  const client = yield* Effect.fromResult(ClientCertificate.of(config, credential))
  const identity = client === undefined ? {} : { identity: client }
  for (const origin of origins)
    pools.set(
      origin,
      yield* Effect.mapError(
        egress.open({
          origin,
          connection: HttpClientOptions.connection(config),
          acquireTimeoutMs,
          ...identity,
          ...observed,
        }),
        ofEgress,
      ),
    )
  const mask = SecretMask.make(credential)
  const authorise = yield* Authorization.of({ connector: compiled.connector, credential, origins, egress, mask })
  const secret = (name: string) => (credential[name] === undefined ? "" : Redacted.value(credential[name]))
  const world = yield* ScriptWorld.current
  const live: LiveConnector = {
    compiled,
    ref,
    credential,
    config,
    authorise,
    secret,
    mask,
    pools,
    budget,
    longestCallMs,
    world,
  }
  return live
})

/** A failure of a response, with the connector and the host that it came from. */
export const explained = (
  { compiled: { connector }, ref, credential }: LiveConnector,
  { action, target: { origin } }: CompiledAction,
  error: ConnectorError,
): ConnectorError =>
  UpstreamFailure.explained(error, { connector, ref, credentialNames: names(credential), action, origin })

/** In bytes, of a connector that sets no lower bound. */
const maxResponseBytes = 100_000_000

/** Authorises a request and sends it, again where that is safe and the connector says so. */
export const send = (live: LiveConnector, action: CompiledAction, request: UpstreamRequest, options: CallOptions) =>
  deliver(
    live,
    action,
    request,
    options,
    ({ send: sendOnce }) =>
      (sending, limits) =>
        Effect.map(sendOnce(sending, limits), RemoteFailure.classified),
  )

/**
 * As `send`, with the body of a success still on its way: `open` reads as far as it takes to know whether the upstream failed. What it
 * returns has the status of that failure, so that the request is sent again as for any response of that status.
 */
export const stream = <A extends EgressResponse>(
  live: LiveConnector,
  action: CompiledAction,
  request: UpstreamRequest,
  options: CallOptions,
  open: (response: StreamedResponse) => Effect.Effect<A>,
) =>
  deliver(
    live,
    action,
    request,
    options,
    (pool) => (sending, limits) => Effect.flatMap(pool.stream(sending, limits), open),
  )

const deliver = <A extends EgressResponse, R>(
  { pools, config, authorise: { sign, recover }, budget, longestCallMs }: LiveConnector,
  { target }: CompiledAction,
  request: UpstreamRequest,
  { deadline, trace, observer, memory, share }: CallOptions,
  way: (pool: EgressPool) => Transport.Attempt<A, R>,
): Effect.Effect<A, ConnectorError, R> => {
  const { origin } = target
  const pool = pools.get(origin)
  if (pool === undefined) return Effect.die(new Error(`no connections to ${origin}`))
  const configuredMs = (config.connection_timeout + config.read_timeout + config.retry_timeout_seconds) * 1_000
  const named = withUserAgent(request)
  const traced = trace === undefined ? named : withTrace(named, trace)
  const attempt = way(pool)
  const sent = Transport.send({
    origin,
    attempt: (sending, limits) => attempt({ ...sending, observer, memory, share }, limits),
    retry: HttpClientOptions.retry(config),
    prepare: () => sign(traced),
    recover,
    budget,
    maxResponseBytes: config.max_response_bytes ?? maxResponseBytes,
    timeoutMs: Math.max(longestCallMs, configuredMs),
    awaitedUntil: deadline,
  }).pipe(Effect.mapError((error) => (error._tag === "EgressError" ? ofEgress(error) : error)))
  return observer === undefined ? sent : observed(sent, target, observer)
}

const observed = <A extends EgressResponse, E, R>(
  sent: Effect.Effect<A, E, R>,
  target: CallTarget,
  observer: CallObserver,
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    observer.callBegan(target)
    return Effect.onExitPrimitive(sent, (exit): undefined => {
      observer.callEnded()
      if (Exit.isSuccess(exit)) observer.responded(exit.value.status, exit.value.body)
    })
  })

/** Who calls, for providers that ask for it; a header of that name in the template wins. */
export const withUserAgent = (request: UpstreamRequest): UpstreamRequest => {
  for (const name in request.headers) if (name.length === 10 && name.toLowerCase() === "user-agent") return request
  return { ...request, headers: { "User-Agent": "Drawbar", ...request.headers } }
}

/** A header of the same name in the template wins. */
const withTrace = (request: UpstreamRequest, context: Readonly<Record<string, string>>): UpstreamRequest => ({
  ...request,
  headers: { ...context, ...request.headers },
})

export const ofEgress = ({ reason }: EgressError): ConnectorError => ConnectorError.from(reason)
