/** The whole way of one predict, for routes, batches and library users. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type * as ConnectorTest from "@drawbar/connector-runtime/call/ConnectorTest"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Context, Effect, Exit, FiberSet, Layer, type Scope } from "effect"
import * as Accounting from "./Accounting.ts"
import type * as CallContext from "./CallContext.ts"
import * as ConnectorTests from "../connectors/ConnectorTests.ts"
import type { Failure } from "../deployment/DeploymentFailure.ts"
import { Deployments } from "../deployment/Deployments.ts"
import * as GuardrailModels from "./GuardrailModels.ts"
import * as PredictCalls from "./PredictCalls.ts"
import * as PredictPolicy from "./PredictPolicy.ts"
import * as RoutedCalls from "../routing/RoutedCalls.ts"
import * as PredictStats from "./PredictStats.ts"

export type PredictionError = Failure

/** Those of all calls of an input, in its order. */
export type Requests = PredictCalls.Requests
export type Rendered = RoutedCalls.Rendered

export interface RenderOptions {
  /** Whether it is the request of a stream. */
  readonly stream?: boolean
}

export class Predictions extends Context.Service<
  Predictions,
  {
    readonly predict: (
      context: CallContext.CallContext,
      modelId: string,
      input: PredictInput,
    ) => Effect.Effect<Prediction, PredictionError>
    /** As `predict`, answered piece by piece; the first is there when the effect ends, the rest may throw a `ConnectorError`. */
    readonly stream: (
      context: CallContext.CallContext,
      modelId: string,
      input: PredictInput,
    ) => Effect.Effect<AsyncIterable<ReadonlyArray<StreamFrame>>, PredictionError, Scope.Scope>
    /**
     * The requests that a predict would send, with every secret masked; nothing is sent. It fails as the predict would, but for what
     * counts: rate limits and quotas.
     */
    readonly render: (
      context: CallContext.CallContext,
      modelId: string,
      input: PredictInput,
      options?: RenderOptions,
    ) => Effect.Effect<Rendered, PredictionError>
    /** The same for a blueprint that is not stored. */
    readonly renderBlueprint: (
      blueprint: Blueprint,
      input: PredictInput,
      options?: RenderOptions,
    ) => Effect.Effect<Requests, ConnectorError>
    /** One live call of a stored connector, told stage by stage; with a made-up input where none is given. */
    readonly test: (
      context: CallContext.CallContext,
      connectorId: string,
      input?: PredictInput,
    ) => Effect.Effect<ConnectorTest.ConnectorTest, PredictionError>
    readonly stats: Effect.Effect<ReadonlyMap<string, PredictStats.PredictStats>>
  }
>()("@drawbar/deployments/Predictions") {
  static readonly layer = Layer.effect(
    Predictions,
    Effect.gen(function* () {
      const deployments = yield* Deployments
      const settings = yield* Settings
      const counter = PredictStats.make(() => settings.get("plugins.ml_commons.monitoring_request_count"))
      const accounting = yield* Accounting.make
      const policy = yield* PredictPolicy.make(accounting, deployments.allows)
      const calls = yield* PredictCalls.make(counter, accounting)
      const withGuardrails = yield* GuardrailModels.make(policy, calls)
      const routed = yield* RoutedCalls.make(policy, calls, withGuardrails)
      const test = yield* ConnectorTests.make(policy, accounting)
      const run = yield* FiberSet.makeRuntime()

      return {
        predict: (context, id, input) =>
          deployments.use(id, (deployment) => {
            context.observer?.modelCalled?.(deployment.id)
            const predicted = Effect.flatMap(
              policy.admit({ context, deployment, input }, (spending) =>
                withGuardrails({ context, deployment, spending }, (guardrails) =>
                  routed.execute({ context, deployment, input, guardrails, spending }),
                ),
              ),
              (prediction) => Effect.fromResult(deployment.interface.output(prediction)),
            )
            return deployment.route === undefined
              ? predicted
              : Effect.andThen(routed.permitted(deployment, context.caller), predicted)
          }),
        stream: Effect.fnUntraced(function* (context, id, input) {
          const isStream = true
          yield* Effect.fromResult(policy.checkInput({ input, isStream }))
          const deployment = yield* deployments.hold(id)
          context.observer?.modelCalled?.(deployment.id)
          yield* routed.permitted(deployment, context.caller)
          const spending = yield* policy.hold({ context, deployment, input, isStream })
          // The next call of the same key may come before the scope of this one closes.
          const ended = () => void run(spending.end(Exit.void))
          return yield* withGuardrails({ context, deployment, spending }, (guardrails) =>
            routed.stream({ context, deployment, input, guardrails, spending }, ended),
          )
        }),
        render: Effect.fnUntraced(function* (context, id, input, { stream = false } = {}) {
          yield* Effect.fromResult(policy.checkInput({ input, isStream: stream }))
          const deployment = yield* deployments.inspect(id)
          yield* routed.permitted(deployment, context.caller)
          yield* Effect.fromResult(policy.check({ context, deployment, input, isStream: stream }))
          return yield* routed.dryRun({ context, deployment, input, isStream: stream })
        }),
        renderBlueprint: calls.dryRunOf,
        test,
        stats: Effect.sync(counter.all),
      }
    }),
  )
}
