/** The whole way of one predict, for routes, batches and library users. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import { actionOf, type PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { DocumentBatches } from "@drawbar/connector-runtime/processors/DocumentBatches"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import * as PreProcess from "@drawbar/connector-runtime/processors/PreProcess"
import * as UpstreamRequest from "@drawbar/connector-runtime/call/UpstreamRequest"
import * as Streaming from "@drawbar/connector-runtime/stream/Streaming"
import * as ScriptWorld from "@drawbar/connector-runtime/processors/ScriptWorld"
import * as TokenUsage from "@drawbar/connector-runtime/response/TokenUsage"
import type * as ConnectorTest from "@drawbar/connector-runtime/call/ConnectorTest"
import type { Caller } from "@drawbar/registry/access/Caller"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Connectors } from "@drawbar/registry/records/Connectors"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Context, Effect, Exit, Layer, Result, type Scope } from "effect"
import * as CallContext from "./CallContext.ts"
import * as CallerFilters from "./CallerFilters.ts"
import { type Deployment, Deployments } from "./Deployments.ts"
import { DeploymentError, ModelAccessDenied, QuotaExceeded, RateLimited, StreamingDisabled } from "./DeploymentError.ts"
import type * as ModelGuards from "./ModelGuards.ts"
import * as RateLimiter from "./RateLimiter.ts"
import * as SecretReferences from "./SecretReferences.ts"
import * as TokenBudget from "./TokenBudget.ts"

export type PredictionError = DeploymentError | ConnectorError | RegistryFailure

/** What was asked of a model since the start; `latencies` are those of the last requests, in ms, `upstream` the part spent at its platform. */
export interface PredictStats {
  readonly requests: number
  readonly failures: number
  readonly latencies: ReadonlyArray<number>
  readonly upstream: ReadonlyArray<number>
}

export interface RenderOptions {
  /** Whether it is the request of a stream. */
  readonly stream?: boolean
}

interface Mutable {
  requests: number
  failures: number
  readonly latencies: Array<number>
  readonly upstream: Array<number>
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
    /** The first request that a predict would send, with every secret masked; nothing is sent. */
    readonly render: (
      modelId: string,
      input: PredictInput,
      options?: RenderOptions,
    ) => Effect.Effect<UpstreamRequest.UpstreamRequest, PredictionError>
    /** The same for a blueprint that is not stored. */
    readonly renderBlueprint: (
      blueprint: Blueprint,
      input: PredictInput,
      options?: RenderOptions,
    ) => Effect.Effect<UpstreamRequest.UpstreamRequest, ConnectorError>
    /** One live call of a stored connector, told stage by stage; with a made-up input where none is given. */
    readonly attempt: (
      connectorId: string,
      input?: PredictInput,
    ) => Effect.Effect<ConnectorTest.ConnectorTest, ConnectorError | RegistryFailure>
    readonly stats: Effect.Effect<ReadonlyMap<string, PredictStats>>
  }
>()("@drawbar/deployments/Predictions") {
  static readonly layer = Layer.effect(
    Predictions,
    Effect.gen(function* () {
      const deployments = yield* Deployments
      const runtime = yield* ConnectorRuntime
      const settings = yield* Settings
      const connectors = yield* Connectors
      const stats = new Map<string, Mutable>()
      const clock = yield* Clock.Clock
      const limiter = RateLimiter.make()
      const tokens = TokenBudget.make()

      const count = (id: string, isFailure: boolean, millis: number, upstream: number | undefined) => {
        const counted = stats.get(id) ?? { requests: 0, failures: 0, latencies: [], upstream: [] }
        stats.set(id, counted)
        counted.requests++
        if (isFailure) counted.failures++
        counted.latencies.push(millis)
        if (upstream !== undefined) counted.upstream.push(upstream)
        const most = settings.get("plugins.ml_commons.monitoring_request_count")
        while (counted.latencies.length > most) counted.latencies.shift()
        while (counted.upstream.length > most) counted.upstream.shift()
      }

      const ask: ModelGuards.Ask = (id, parameters) => {
        const input = { _tag: "Parameters", parameters } as const
        const judged = deployments.use(id, (deployment) =>
          Effect.andThen(admitted(CallContext.server, deployment, input), runtime.execute(deployment.live, input)),
        )
        // Who judges is the model owner's choice, and costs the caller nothing.
        return Effect.provideService(judged, CurrentPrincipal, undefined)
      }

      const allowed = ({ id, model, userLimits }: Deployment, { name: user }: Caller) => {
        const ofUser = user === undefined || !Object.hasOwn(userLimits, user) ? undefined : userLimits[user]
        if (model.rate_limiter === undefined && ofUser === undefined) return Effect.void
        const claims = [
          ...(model.rate_limiter === undefined ? [] : [{ key: id, limit: model.rate_limiter }]),
          ...(ofUser === undefined ? [] : [{ key: `${id} ${user}`, limit: ofUser }]),
        ]
        return Effect.suspend(() => {
          const refusal = limiter.take(claims, clock.currentTimeMillisUnsafe())
          if (refusal === undefined) return Effect.void
          const { key, waitMillis } = refusal
          const level = key === id ? "model" : "user"
          return Effect.fail(
            DeploymentError.from(
              new RateLimited(waitMillis === Infinity ? { level } : { level, retryAfterMillis: waitMillis }),
            ),
          )
        })
      }

      /** Fails where the key of who asks is for other models, or used up. */
      const withinQuota = (modelId: string, { principal: asker }: Caller) =>
        Effect.suspend(() => {
          if (asker === undefined || (asker.models === undefined && asker.quota === undefined)) return Effect.void
          const { kind, name, models, quota: { requests_per_minute, tokens_per_day } = {} } = asker
          if (models !== undefined && !models.includes(modelId))
            return Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId, by: "key" })))
          const key = `${kind} ${name}`
          const now = clock.currentTimeMillisUnsafe()
          const wait = tokens_per_day === undefined ? undefined : tokens.exhausted(key, tokens_per_day, now)
          if (tokens_per_day !== undefined && wait !== undefined)
            return exceeded("tokens_per_day", tokens_per_day, wait)
          if (requests_per_minute === undefined) return Effect.void
          const limit = { limit: String(requests_per_minute), unit: "MINUTES" } as const
          const refusal = limiter.take([{ key, limit }], now)
          return refusal === undefined
            ? Effect.void
            : exceeded("requests_per_minute", requests_per_minute, refusal.waitMillis)
        })

      /** Remembers what was taken: of the quota of who asks, and for who watches. */
      const spend = (
        { caller: { principal }, observer }: CallContext.CallContext,
        usages: ReadonlyArray<TokenUsage.TokenUsage | undefined>,
      ): void => {
        const isCounted = principal?.quota?.tokens_per_day !== undefined
        if (!isCounted && observer === undefined) return
        const { input, output } = TokenUsage.sum(usages)
        observer?.tokensUsed({ input, output, estimated: usages.some((usage) => usage?.estimated === true) })
        if (isCounted)
          tokens.spend(`${principal.kind} ${principal.name}`, input + output, clock.currentTimeMillisUnsafe())
      }

      /** Fails where this may not be asked, now, by this user. */
      const admitted = ({ caller }: CallContext.CallContext, deployment: Deployment, input: PredictInput) =>
        withinQuota(deployment.id, caller).pipe(
          Effect.andThen(() => Effect.fromResult(deployment.interface.input(input))),
          Effect.andThen(() => allowed(deployment, caller)),
        )

      /** Fails where a call brings filters of its own, and the operator has switched those off. */
      const permitted = (input: PredictInput): Effect.Effect<void, ConnectorError> => {
        const name = CallerFilters.find(input)
        return name === undefined || settings.get("plugins.drawbar.caller_filters_enabled")
          ? Effect.void
          : Effect.fail(CallerFilters.refusal(name))
      }

      /** Runs it, and remembers how it ended and how long it took. */
      const counted = <A, R>(
        { observer }: CallContext.CallContext,
        id: string,
        run: Effect.Effect<A, ConnectorError, R>,
      ) =>
        Effect.suspend(() => {
          const begun = clock.currentTimeMillisUnsafe()
          return Effect.onExit(run, (exit) =>
            Effect.sync(() =>
              count(id, Exit.isFailure(exit), clock.currentTimeMillisUnsafe() - begun, observer?.upstreamMillis),
            ),
          )
        })

      const predicted = (context: CallContext.CallContext, deployment: Deployment, input: PredictInput) =>
        permitted(input).pipe(
          Effect.andThen(() => admitted(context, deployment, input)),
          Effect.andThen(() =>
            counted(
              context,
              deployment.id,
              runtime.execute(deployment.live, input, deployment.guardrails(ask), context, deployment.batches),
            ),
          ),
          Effect.tap(({ inference_results }) =>
            Effect.sync(() =>
              spend(
                context,
                inference_results.map(({ usage }) => usage),
              ),
            ),
          ),
          Effect.tap((prediction) => Effect.fromResult(deployment.interface.output(prediction))),
        )

      return {
        predict: (context, id, input) => deployments.use(id, (deployment) => predicted(context, deployment, input)),
        stream: Effect.fnUntraced(function* (context, id, input) {
          if (!settings.get("plugins.ml_commons.stream_enabled"))
            return yield* DeploymentError.from(new StreamingDisabled())
          yield* permitted(input)
          const deployment = yield* deployments.hold(id)
          yield* admitted(context, deployment, input)
          const report = (usage: TokenUsage.TokenUsage) => spend(context, [usage])
          return yield* counted(
            context,
            id,
            runtime.stream(deployment.live, input, deployment.guardrails(ask), context, report),
          )
        }),
        render: Effect.fnUntraced(function* (id, input, options) {
          yield* permitted(input)
          const { batches, ...blueprint } = yield* deployments.blueprint(id)
          return yield* Effect.fromResult(rendered(blueprint, input, yield* ScriptWorld.current, options, batches))
        }),
        renderBlueprint: (blueprint, input, options) =>
          Effect.flatMap(ScriptWorld.current, (world) => Effect.fromResult(rendered(blueprint, input, world, options))),
        attempt: Effect.fnUntraced(function* (connectorId, input) {
          yield* connectors.get(connectorId)
          const { blueprint } = yield* connectors.blueprint(connectorId)
          const { connector, credential } = yield* SecretReferences.resolve(blueprint)
          const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, names(credential)))
          return yield* runtime.attempt(compiled, credential, input)
        }),
        stats: Effect.sync(() => stats),
      }
    }),
  )
}

const exceeded = (quota: QuotaExceeded["quota"], limit: number, retryAfterMillis: number) =>
  Effect.fail(DeploymentError.from(new QuotaExceeded({ quota, limit, retryAfterMillis })))

const rendered = (
  { connector, credential }: Blueprint,
  input: PredictInput,
  world: ScriptWorld.ScriptWorld,
  { stream = false }: RenderOptions = {},
  batches?: DocumentBatches,
): Result.Result<UpstreamRequest.UpstreamRequest, ConnectorError> =>
  Result.gen(function* () {
    const compiled = yield* CompiledConnector.compile(connector, names(credential))
    const action = yield* CompiledConnector.find(compiled, actionOf(input))
    if (stream) return (yield* Streaming.prepared(action, input, () => UpstreamRequest.mask, world)).request
    const [supplied = { caller: new Map(), runtime: new Map() }] = yield* PreProcess.run(
      action.preProcess,
      input,
      world,
      batches,
    )
    return yield* UpstreamRequest.render(action, supplied, () => UpstreamRequest.mask)
  })
