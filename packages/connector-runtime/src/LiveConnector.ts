/** A connector ready to be called: compiled, its secrets at hand, its connections bound to the origins of its actions. */
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Redacted } from "effect"
import * as Authorization from "./Authorization.ts"
import * as ClientIdentity from "./ClientIdentity.ts"
import type { CompiledAction, CompiledConnector } from "./CompiledConnector.ts"
import { because, type ConnectorError } from "./ConnectorError.ts"
import type { ConnectionEvent, Egress, EgressPool, RemoteResponse } from "./Egress.ts"
import type { EgressError } from "./EgressError.ts"
import * as GenAi from "./GenAi.ts"
import * as Journey from "./Journey.ts"
import type { RemoteRequest } from "./RemoteRequest.ts"
import * as RetryBudget from "./RetryBudget.ts"
import * as SecretMask from "./SecretMask.ts"
import * as Transport from "./Transport.ts"

export interface LiveConnector {
  readonly compiled: CompiledConnector
  readonly config: ClientConfig.ClientConfig
  readonly authorise: Authorization.Authorization
  /** The value of a credential by its name. */
  readonly secret: (name: string) => string
  readonly mask: SecretMask.SecretMask
  readonly pools: ReadonlyMap<string, EgressPool>
  readonly budget: RetryBudget.RetryBudget
  readonly longestCallMs: number
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
  /** Is told how each connection comes about. */
  readonly observe?: (event: ConnectionEvent) => void
  /** Shared by all that is opened of one connector; absent: its own. */
  readonly budget?: RetryBudget.RetryBudget
}

export const configOf = ({ connector }: CompiledConnector): ClientConfig.ClientConfig =>
  connector.client_config ?? ClientConfig.defaults

/** Opens a connector's connections; they close with the scope, after what is under way has ended. */
export const open = Effect.fnUntraced(function* (
  egress: Egress["Service"],
  compiled: CompiledConnector,
  credential: Credential,
  { config = configOf(compiled), budget = RetryBudget.make(), ...observed }: Options = {},
) {
  const origins = new Set(compiled.actions.map(({ url }) => url.origin))
  const pools = new Map<string, EgressPool>()
  const { longestCallMs, acquireTimeoutMs } = yield* Bounds
  const client = yield* Effect.fromResult(ClientIdentity.of(config, credential))
  const identity = client === undefined ? {} : { identity: client }
  for (const origin of origins)
    pools.set(
      origin,
      yield* Effect.mapError(egress.open({ origin, config, acquireTimeoutMs, ...identity, ...observed }), ofEgress),
    )
  const mask = SecretMask.make(credential)
  const authorise = yield* Authorization.of({ connector: compiled.connector, credential, origins, egress, mask })
  const secret = (name: string) => (credential[name] === undefined ? "" : Redacted.value(credential[name]))
  const live: LiveConnector = { compiled, config, authorise, secret, mask, pools, budget, longestCallMs }
  return live
})

const maxResponseBytes = 100_000_000

/** Authorises a request and sends it, again where that is safe and the connector says so. */
export const send = (live: LiveConnector, action: CompiledAction, request: RemoteRequest) =>
  deliver(live, action, request, (pool) => pool.send)

/** As `send`, with the body of a success still on its way; it fails there with an `EgressError`. */
export const stream = (live: LiveConnector, action: CompiledAction, request: RemoteRequest) =>
  deliver(live, action, request, (pool) => pool.stream)

const deliver = <A extends RemoteResponse, R>(
  { pools, config, authorise: { sign, mend }, budget, longestCallMs }: LiveConnector,
  { url: { origin }, genAi }: CompiledAction,
  request: RemoteRequest,
  way: (pool: EgressPool) => Transport.Attempt<A, R>,
): Effect.Effect<A, ConnectorError, R> =>
  Effect.flatMap(Journey.Journey, (journey) => {
    const pool = pools.get(origin)
    if (pool === undefined) return Effect.die(new Error(`no connections to ${origin}`))
    const asked = (config.connection_timeout + config.read_timeout + config.retry_timeout_seconds) * 1_000
    const traced = journey?.context === undefined ? request : withTrace(request, journey.context)
    const attempt = way(pool)
    const sent = Transport.send({
      origin,
      attempt: journey === undefined ? attempt : (sending, limits) => attempt({ ...sending, journey }, limits),
      config,
      prepare: () => sign(traced),
      mend,
      budget,
      maxResponseBytes,
      timeoutMs: Math.max(longestCallMs, asked),
      awaitedUntil: journey?.deadline,
    }).pipe(Effect.mapError((error) => (error._tag === "EgressError" ? ofEgress(error) : error)))
    if (journey === undefined) return sent
    journey.origin = origin
    journey.genAi = genAi
    return Effect.map(Journey.timed(journey, sent), (response) => {
      journey.status = response.status
      if (journey.context !== undefined) journey.responseModel = GenAi.modelOf(Buffer.from(response.body).toString())
      return response
    })
  })

/** What the author sends under such a name is his own. */
const withTrace = (request: RemoteRequest, context: Readonly<Record<string, string>>): RemoteRequest => ({
  ...request,
  headers: { ...context, ...request.headers },
})

export const ofEgress = ({ reason }: EgressError): ConnectorError => because(reason)
