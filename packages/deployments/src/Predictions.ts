/** The whole way of one predict, for routes, batches and library users. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/ConnectorRuntime"
import type { PredictInput } from "@drawbar/connector-runtime/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/Prediction"
import * as PreProcess from "@drawbar/connector-runtime/PreProcess"
import * as RemoteRequest from "@drawbar/connector-runtime/RemoteRequest"
import type { RegistryError } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/Settings"
import { Clock, Context, Effect, Exit, Layer, Result } from "effect"
import { Deployments } from "./Deployments.ts"
import type { DeploymentError } from "./DeploymentError.ts"

export type PredictionError = DeploymentError | ConnectorError | RegistryError

/** What was asked of a model since the start; `latencies` are those of the last requests, in ms. */
export interface PredictStats {
  readonly requests: number
  readonly failures: number
  readonly latencies: ReadonlyArray<number>
}

export class Predictions extends Context.Service<
  Predictions,
  {
    readonly predict: (modelId: string, input: PredictInput) => Effect.Effect<Prediction, PredictionError>
    /** The first request that a predict would send, with every secret masked; nothing is sent. */
    readonly render: (
      modelId: string,
      input: PredictInput,
    ) => Effect.Effect<RemoteRequest.RemoteRequest, PredictionError>
    /** The same for a blueprint that is not stored. */
    readonly renderBlueprint: (
      blueprint: Blueprint,
      input: PredictInput,
    ) => Effect.Effect<RemoteRequest.RemoteRequest, ConnectorError>
    readonly stats: Effect.Effect<ReadonlyMap<string, PredictStats>>
  }
>()("@drawbar/deployments/Predictions") {
  static readonly layer = Layer.effect(
    Predictions,
    Effect.gen(function* () {
      const deployments = yield* Deployments
      const runtime = yield* ConnectorRuntime
      const settings = yield* Settings
      const stats = new Map<string, PredictStats>()

      const count = (id: string, isFailure: boolean, millis: number) => {
        const { requests, failures, latencies } = stats.get(id) ?? { requests: 0, failures: 0, latencies: [] }
        const kept = settings.get("plugins.ml_commons.monitoring_request_count")
        stats.set(id, {
          requests: requests + 1,
          failures: failures + (isFailure ? 1 : 0),
          latencies: kept === 0 ? [] : [...latencies.slice(1 - kept), millis],
        })
      }

      return {
        predict: Effect.fnUntraced(function* (id, input) {
          const { live } = yield* deployments.find(id)
          const begun = yield* Clock.currentTimeMillis
          const exit = yield* Effect.exit(runtime.execute(live, input))
          count(id, Exit.isFailure(exit), (yield* Clock.currentTimeMillis) - begun)
          return yield* exit
        }),
        render: Effect.fnUntraced(function* (id, input) {
          return yield* Effect.fromResult(rendered(yield* deployments.blueprint(id), input))
        }),
        renderBlueprint: (blueprint, input) => Effect.fromResult(rendered(blueprint, input)),
        stats: Effect.sync(() => stats),
      }
    }),
  )
}

const rendered = (
  { connector, credential }: Blueprint,
  input: PredictInput,
): Result.Result<RemoteRequest.RemoteRequest, ConnectorError> =>
  Result.gen(function* () {
    const compiled = yield* CompiledConnector.compile(connector, names(credential))
    const requested = input._tag === "Parameters" ? (input.action ?? "PREDICT") : "PREDICT"
    const action = yield* CompiledConnector.find(compiled, requested)
    const [supplied = { caller: new Map(), runtime: new Map() }] = yield* PreProcess.run(action.preProcess, input)
    return yield* RemoteRequest.render(action, supplied, () => RemoteRequest.mask)
  })
