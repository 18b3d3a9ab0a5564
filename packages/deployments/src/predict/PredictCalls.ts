/** The calls of one target of a deployment, and how a whole predict went. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import type { Parameters, PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { UpstreamRequest } from "@drawbar/connector-runtime/call/UpstreamRequest"
import type { TokenUsage } from "@drawbar/connector-runtime/response/TokenUsage"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import { Clock, Effect, Exit, type Scope } from "effect"
import type { CallContext } from "./CallContext.ts"
import type { Deployment } from "../deployment/Deployment.ts"
import type { Accounted, Accounting } from "./Accounting.ts"
import * as ModelGuards from "./ModelGuards.ts"
import type { PredictCounter } from "./PredictStats.ts"
import type { Spending } from "./Spending.ts"

export interface PredictCalls {
  /** Runs a whole predict, and remembers how it ended and how long it took. */
  readonly counted: <A, E, R>(call: Call, run: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly execute: (call: Call, live: LiveConnector) => Effect.Effect<Prediction, ConnectorError>
  /** A call of the model `deployment` by the guardrail of another: it has no guardrails itself, and is not counted as a predict. */
  readonly judge: (
    call: Omit<Call, "input" | "guardrails">,
    parameters: Parameters,
  ) => Effect.Effect<Prediction, ConnectorError>
  /** The requests that a predict, or a stream, would send; with the guardrails that call no other model. */
  readonly dryRun: (
    deployment: Deployment,
    live: LiveConnector,
    input: PredictInput,
    isStream: boolean,
    /** Whose routings led here; their guardrails hold as well. */
    asked: ReadonlyArray<Deployment>,
  ) => Effect.Effect<Requests, ConnectorError>
  /** The same for a blueprint that is not stored. */
  readonly dryRunOf: (
    blueprint: Blueprint,
    input: PredictInput,
    options?: { readonly stream?: boolean },
  ) => Effect.Effect<Requests, ConnectorError>
  /** `ended` is called once a stream that has begun is over. */
  readonly stream: (
    call: Call,
    live: LiveConnector,
    ended: () => void,
  ) => Effect.Effect<AsyncIterable<ReadonlyArray<StreamFrame>>, ConnectorError, Scope.Scope>
}

export type Requests = readonly [UpstreamRequest, ...ReadonlyArray<UpstreamRequest>]

export interface Call {
  readonly context: CallContext
  readonly deployment: Deployment
  readonly input: PredictInput
  readonly guardrails: Guardrails.Guardrails
  readonly spending: Spending
}

export const make = Effect.fnUntraced(function* ({ count }: PredictCounter, { used }: Accounting) {
  const runtime = yield* ConnectorRuntime
  const clock = yield* Clock.Clock

  const counted: PredictCalls["counted"] = ({ context: { observer }, deployment: { id } }, run) =>
    Effect.suspend(() => {
      const begun = clock.currentTimeMillisUnsafe()
      return Effect.onExitPrimitive(run, (exit): undefined => {
        count(id, {
          isFailure: Exit.isFailure(exit),
          millis: clock.currentTimeMillisUnsafe() - begun,
          upstreamMillis: observer?.upstreamMillis,
        })
      })
    })

  const calls: PredictCalls = {
    counted,
    execute: ({ context, deployment, input, guardrails, spending }, live) => {
      const call = accounted({ context, deployment, spending }, live, input)
      const options = { ...context, lost: (usage: TokenUsage) => used(call, [usage]) }
      return Effect.map(runtime.execute(live, input, guardrails, options, deployment.batches), (prediction) => {
        used(call, usagesOf(prediction), prediction)
        return prediction
      })
    },
    judge: (call, parameters) => {
      const { live } = call.deployment.targets[0]
      const input = { _tag: "Parameters", parameters } as const
      return Effect.map(runtime.execute(live, input, {}, call.context), (prediction) => {
        used(accounted(call, live, input), usagesOf(prediction), prediction)
        return prediction
      })
    },
    dryRun: ({ batches, model }, live, input, stream, asked) => {
      const guardrails = [...asked.map((one) => one.model), model]
        .map((one) => ModelGuards.local(one.guardrails))
        .reduce(Guardrails.both)
      return runtime.dryRun(live.compiled, input, { stream, batches, credential: live.credential, guardrails })
    },
    dryRunOf: ({ connector, credential }, input, options) =>
      Effect.flatMap(Effect.fromResult(CompiledConnector.compile(connector, names(credential))), (compiled) =>
        runtime.dryRun(compiled, input, { ...options, credential }),
      ),
    stream: ({ context, deployment, input, guardrails, spending }, live, ended) =>
      runtime.stream(live, input, guardrails, context, (usage) => {
        used(accounted({ context, deployment, spending }, live, input), [usage])
        ended()
      }),
  }
  return calls
})

const usagesOf = ({ inference_results }: Prediction) => inference_results.map(({ usage }) => usage)

const accounted = (
  { context, deployment, spending }: Pick<Call, "context" | "deployment" | "spending">,
  { compiled }: LiveConnector,
  input: PredictInput,
): Accounted => ({ context, spending, modelId: deployment.id, compiled, input, estimate: deployment.estimate })
