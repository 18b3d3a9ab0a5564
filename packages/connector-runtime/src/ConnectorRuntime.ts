/** Runs a connector's actions against its platform. `execute` is the way of one call, stage by stage. */
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import type { Supplied } from "@drawbar/template-renderer/Parameter"
import { Clock, Context, Effect, Layer, Redacted, type Scope } from "effect"
import * as Authorization from "./Authorization.ts"
import * as CompiledConnector from "./CompiledConnector.ts"
import { because, type ConnectorError } from "./ConnectorError.ts"
import * as Guardrails from "./Guardrails.ts"
import type { EgressError } from "./EgressError.ts"
import { Egress, type EgressPool } from "./Egress.ts"
import * as PostProcess from "./PostProcess.ts"
import type { PredictInput } from "./PredictInput.ts"
import type { InferenceResult, Prediction } from "./Prediction.ts"
import * as PreProcess from "./PreProcess.ts"
import * as RemoteAnswer from "./RemoteAnswer.ts"
import * as RemoteRequest from "./RemoteRequest.ts"
import * as ResultFilter from "./ResultFilter.ts"
import * as Transport from "./Transport.ts"

/** A connector ready to be called: compiled, its secrets at hand, its connections bound to the origins of its actions. */
export interface LiveConnector {
  readonly compiled: CompiledConnector.CompiledConnector
  readonly config: ClientConfig.ClientConfig
  readonly authorise: Authorization.Authorization
  /** The value of a credential by its name. */
  readonly secret: (name: string) => string
  readonly pools: ReadonlyMap<string, EgressPool>
}

const maxResponseBytes = 100_000_000

/** What a call may take at the most, in ms, however slowly its platform trickles; longer only where the connector asks for it. */
const longestCall = 600_000

/** How many calls of one predict are under way at once, when its input is split into several. */
const fanOut = 8

export class ConnectorRuntime extends Context.Service<
  ConnectorRuntime,
  {
    /** Opens a connector's connections; they close with the scope, after what is under way has ended. */
    readonly open: (
      compiled: CompiledConnector.CompiledConnector,
      credential: Credential,
    ) => Effect.Effect<LiveConnector, ConnectorError, Scope.Scope>
    /** Makes one predict: as many calls of the platform as its input needs, answered in the order of the input, all or none. */
    readonly execute: (
      live: LiveConnector,
      input: PredictInput,
      guardrails?: Guardrails.Guardrails,
    ) => Effect.Effect<Prediction, ConnectorError>
  }
>()("@drawbar/connector-runtime/ConnectorRuntime") {
  static readonly layer = Layer.effect(
    ConnectorRuntime,
    Effect.gen(function* () {
      const egress = yield* Egress

      const open = Effect.fnUntraced(function* (compiled: CompiledConnector.CompiledConnector, credential: Credential) {
        const config = compiled.connector.client_config ?? ClientConfig.defaults
        const origins = new Set(compiled.actions.map(({ url }) => url.origin))
        const pools = new Map<string, EgressPool>()
        for (const origin of origins)
          pools.set(origin, yield* Effect.mapError(egress.open({ origin, config }), ofEgress))
        const authorise = Authorization.of(compiled.connector, credential)
        const secret = (name: string) => (credential[name] === undefined ? "" : Redacted.value(credential[name]))
        return { compiled, config, authorise, secret, pools }
      })

      const execute = Effect.fnUntraced(function* (
        live: LiveConnector,
        input: PredictInput,
        guardrails: Guardrails.Guardrails = {},
      ) {
        const action = yield* Effect.fromResult(CompiledConnector.find(live.compiled, actionOf(input)))
        const calls = yield* Effect.fromResult(PreProcess.run(action.preProcess, input))
        const results = yield* Effect.forEach(calls, (supplied) => call(live, action, supplied, guardrails), {
          concurrency: fanOut,
        })
        return { inference_results: filtered(input, results) }
      })

      return { open, execute }
    }),
  )
}

const actionOf = (input: PredictInput): string =>
  input._tag === "Parameters" ? (input.action ?? "PREDICT") : "PREDICT"

const filtered = (input: PredictInput, results: ReadonlyArray<InferenceResult>): ReadonlyArray<InferenceResult> => {
  const filter = input._tag === "TextDocs" ? input.filter : undefined
  return filter === undefined
    ? results
    : results.map((result) => ({ ...result, output: ResultFilter.apply(filter, result.output) }))
}

/** One call of the platform. */
const call = Effect.fnUntraced(function* (
  live: LiveConnector,
  action: CompiledConnector.CompiledAction,
  supplied: Supplied,
  guardrails: Guardrails.Guardrails,
): Effect.fn.Return<InferenceResult, ConnectorError> {
  const request = yield* Effect.fromResult(RemoteRequest.render(action, supplied, live.secret))
  yield* Guardrails.checkInput(guardrails, request.body ?? "", supplied)
  const response = yield* send(live, action, request)
  const answer = yield* Effect.fromResult(RemoteAnswer.read(response, yield* Clock.currentTimeMillis))
  yield* Guardrails.checkOutput(guardrails, answer.text)
  const output = yield* Effect.fromResult(PostProcess.run(action.postProcess, supplied, answer))
  return { output, status_code: response.status }
})

const send = Effect.fnUntraced(function* (
  { pools, config, authorise }: LiveConnector,
  { url: { origin } }: CompiledConnector.CompiledAction,
  request: RemoteRequest.RemoteRequest,
) {
  const pool = pools.get(origin)
  if (pool === undefined) return yield* Effect.die(new Error(`no connections to ${origin}`))
  const asked = (config.connection_timeout + config.read_timeout + config.retry_timeout_seconds) * 1_000
  const deadline = (yield* Clock.currentTimeMillis) + Math.max(longestCall, asked)
  return yield* Transport.send({ pool, config, prepare: () => authorise(request), maxResponseBytes, deadline }).pipe(
    Effect.mapError((error) => (error._tag === "EgressError" ? ofEgress(error) : error)),
  )
})

const ofEgress = ({ reason }: EgressError): ConnectorError => because(reason)
