/** The one place from which a deployment calls its upstreams: a target is chosen, and how it went is counted. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import type * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import type { Parameters, PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { UpstreamRequest } from "@drawbar/connector-runtime/call/UpstreamRequest"
import * as TokenUsage from "@drawbar/connector-runtime/response/TokenUsage"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import { Clock, Effect, Exit, type Scope } from "effect"
import type { CallContext } from "./CallContext.ts"
import type { Deployment } from "../deployment/Deployment.ts"
import * as ModelGuards from "./ModelGuards.ts"
import type { PredictCounter } from "./PredictStats.ts"
import * as Routing from "../deployment/Routing.ts"
import type { Spending } from "./Spending.ts"

export interface PredictCalls {
  readonly execute: (call: Call) => Effect.Effect<Prediction, ConnectorError>
  /** A call of the model `deployment` by the guardrail of another: it has no guardrails itself, and is not counted as a predict. */
  readonly judge: (
    call: Omit<Call, "input" | "guardrails">,
    parameters: Parameters,
  ) => Effect.Effect<Prediction, ConnectorError>
  /** The requests that a predict, or a stream, would send; with the guardrails that call no other model. */
  readonly dryRun: (
    deployment: Deployment,
    input: PredictInput,
    isStream: boolean,
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

export const make = Effect.fnUntraced(function* ({ count }: PredictCounter) {
  const runtime = yield* ConnectorRuntime
  const clock = yield* Clock.Clock

  /** Runs it, and remembers how it ended and how long it took. */
  const counted = <A, R>(
    { context: { observer }, deployment: { id } }: Call,
    run: Effect.Effect<A, ConnectorError, R>,
  ) =>
    Effect.suspend(() => {
      const begun = clock.currentTimeMillisUnsafe()
      return Effect.onExit(run, (exit) =>
        Effect.sync(() =>
          count(id, {
            isFailure: Exit.isFailure(exit),
            millis: clock.currentTimeMillisUnsafe() - begun,
            upstreamMillis: observer?.upstreamMillis,
          }),
        ),
      )
    })

  const calls: PredictCalls = {
    execute: (call) => {
      const { context, deployment, input, guardrails, spending } = call
      const { live } = Routing.choose(deployment.targets)
      return Effect.tap(
        counted(call, runtime.execute(live, input, guardrails, context, deployment.batches)),
        (prediction) => Effect.sync(() => used(context, spending, usagesOf(prediction))),
      )
    },
    judge: ({ context, deployment, spending }, parameters) => {
      const { live } = Routing.choose(deployment.targets)
      return Effect.tap(runtime.execute(live, { _tag: "Parameters", parameters }, {}, context), (prediction) =>
        Effect.sync(() => used(context, spending, usagesOf(prediction))),
      )
    },
    dryRun: ({ targets, batches, model }, input, stream) => {
      const { compiled, credential } = Routing.choose(targets).live
      return runtime.dryRun(compiled, input, {
        stream,
        batches,
        credential,
        guardrails: ModelGuards.local(model.guardrails),
      })
    },
    dryRunOf: ({ connector, credential }, input, options) =>
      Effect.flatMap(Effect.fromResult(CompiledConnector.compile(connector, names(credential))), (compiled) =>
        runtime.dryRun(compiled, input, { ...options, credential }),
      ),
    stream: (call, ended) => {
      const { context, deployment, input, guardrails, spending } = call
      const { live } = Routing.choose(deployment.targets)
      return counted(
        call,
        runtime.stream(live, input, guardrails, context, (usage) => {
          used(context, spending, [usage])
          ended()
        }),
      )
    },
  }
  return calls
})

const usagesOf = ({ inference_results }: Prediction) => inference_results.map(({ usage }) => usage)

/** Remembers what was used: for the limits, and for an observer. */
export const used = (
  { observer }: CallContext,
  spending: Spending,
  usages: ReadonlyArray<TokenUsage.TokenUsage | undefined>,
): void => {
  const { input, output } = TokenUsage.sum(usages)
  observer?.tokensUsed({ input, output, estimated: usages.some((usage) => usage?.estimated === true) })
  spending.add(input + output)
}
