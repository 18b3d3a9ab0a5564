/** The whole way of one predict, for routes, batches and library users. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import type { UpstreamRequest } from "@drawbar/connector-runtime/call/UpstreamRequest"
import * as TokenUsage from "@drawbar/connector-runtime/response/TokenUsage"
import type * as ConnectorTest from "@drawbar/connector-runtime/call/ConnectorTest"
import * as AccessControl from "@drawbar/registry/access/AccessControl"
import type { Caller } from "@drawbar/registry/access/Caller"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Controllers } from "@drawbar/registry/models/Controllers"
import { Models } from "@drawbar/registry/models/Models"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Context, Effect, Exit, Layer, type Scope } from "effect"
import * as CallCount from "./CallCount.ts"
import type * as CallContext from "./CallContext.ts"
import * as CallerFilters from "./CallerFilters.ts"
import { type Deployment, Deployments } from "./Deployments.ts"
import { DeploymentError, ModelAccessDenied, QuotaExceeded, RateLimited, StreamingDisabled } from "./DeploymentError.ts"
import * as ModelGuards from "./ModelGuards.ts"
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

/** Those of all calls of an input, in its order. */
export type Requests = readonly [UpstreamRequest, ...ReadonlyArray<UpstreamRequest>]

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
    /**
     * The requests that a predict would send, with every secret masked; nothing is sent. It fails as the predict would, but for what
     * counts: rate limits and quotas.
     */
    readonly render: (
      context: CallContext.CallContext,
      modelId: string,
      input: PredictInput,
      options?: RenderOptions,
    ) => Effect.Effect<Requests, PredictionError>
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
      const controllers = yield* Controllers
      const models = yield* Models
      const stats = new BoundedMap<Mutable>(statsKept)
      const clock = yield* Clock.Clock
      const limiter = RateLimiter.make()
      const tokens = TokenBudget.make()

      const count = (id: string, isFailure: boolean, millis: number, upstream: number | undefined) => {
        const known = stats.get(id)
        const counted = known ?? { requests: 0, failures: 0, latencies: [], upstream: [] }
        if (known === undefined) stats.set(id, counted)
        counted.requests++
        if (isFailure) counted.failures++
        counted.latencies.push(millis)
        if (upstream !== undefined) counted.upstream.push(upstream)
        const most = Math.min(settings.get("plugins.ml_commons.monitoring_request_count"), maxLatencies)
        while (counted.latencies.length > most) counted.latencies.shift()
        while (counted.upstream.length > most) counted.upstream.shift()
      }

      /** Limits run by the monotonic clock; in ms. */
      const monotonic = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

      const take = (claims: ReadonlyArray<ModelClaim>, calls: number) =>
        Effect.suspend(() => {
          const refusal = limiter.take(claims, monotonic(), calls)
          if (refusal === undefined) return Effect.void
          const { key, waitMillis } = refusal
          const level = claims.find((claim) => claim.key === key)?.level ?? "model"
          return Effect.fail(
            DeploymentError.from(
              new RateLimited({ level, calls, ...(waitMillis === Infinity ? {} : { retryAfterMillis: waitMillis }) }),
            ),
          )
        })

      const allowed = (deployment: Deployment, { name: user }: Caller, calls: number) => {
        const isOfUser = user !== undefined && Object.hasOwn(deployment.userLimits, user)
        return deployment.model.rate_limiter === undefined && !isOfUser
          ? Effect.void
          : take(claimsOf(deployment, user), calls)
      }

      /** Fails where the caller's key is for other models, or used up. */
      const withinQuota = (modelId: string, { principal }: Caller, calls: number) =>
        Effect.suspend(() => {
          if (principal === undefined || (principal.models === undefined && principal.quota === undefined))
            return Effect.void
          return isFor(principal, modelId)
            ? withinBudget(principal, calls)
            : Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId, by: "key" })))
        })

      const withinBudget = (principal: CurrentPrincipal, calls: number) => {
        const { quota: { requests_per_minute, tokens_per_day } = {} } = principal
        const key = quotaKeyOf(principal)
        const wait =
          tokens_per_day === undefined
            ? undefined
            : tokens.exhausted(key, tokens_per_day, clock.currentTimeMillisUnsafe())
        if (tokens_per_day !== undefined && wait !== undefined)
          return exceeded("tokens_per_day", tokens_per_day, wait, 1)
        if (requests_per_minute === undefined) return Effect.void
        const limit = { limit: String(requests_per_minute), unit: "MINUTES" } as const
        const refusal = limiter.take([{ key, limit }], monotonic(), calls)
        return refusal === undefined
          ? Effect.void
          : exceeded("requests_per_minute", requests_per_minute, refusal.waitMillis, calls)
      }

      /** Remembers what was taken: of the quota of the caller, and for an observer. */
      const spend = (
        { caller: { principal }, observer }: CallContext.CallContext,
        usages: ReadonlyArray<TokenUsage.TokenUsage | undefined>,
      ): void => {
        const isCounted = principal?.quota?.tokens_per_day !== undefined
        if (!isCounted && observer === undefined) return
        const { input, output } = TokenUsage.sum(usages)
        observer?.tokensUsed({ input, output, estimated: usages.some((usage) => usage?.estimated === true) })
        if (isCounted) tokens.spend(quotaKeyOf(principal), input + output, clock.currentTimeMillisUnsafe())
      }

      /** The same, of the results of a predict. */
      const spendOn = (context: CallContext.CallContext, { inference_results }: Prediction): void =>
        spend(
          context,
          inference_results.map(({ usage }) => usage),
        )

      /** Fails where this may not be asked, now, by this user. */
      const admitted = ({ caller }: CallContext.CallContext, deployment: Deployment, input: PredictInput) =>
        Effect.suspend(() => {
          const calls = CallCount.of(deployment, input)
          return withinQuota(deployment.id, caller, calls).pipe(
            Effect.andThen(() => Effect.fromResult(deployment.interface.input(input))),
            Effect.andThen(() => allowed(deployment, caller, calls)),
          )
        })

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

      /**
       * Runs what models that judge have a say in, where there are any. Their calls count for the caller; they are made only while they are
       * open to the principal that named them.
       */
      const judged = <A, R>(
        context: CallContext.CallContext,
        { model: { guardrails, guarded_by } }: Deployment,
        run: (ask: ModelGuards.Ask) => Effect.Effect<A, ConnectorError, R>,
      ): Effect.Effect<A, ConnectorError | DeploymentError, R> => {
        if (guardrails?.type !== "model") return run(noJudge)
        const { principal } = context.caller
        const judges = [guardrails.input_guardrail?.model_id, guardrails.output_guardrail?.model_id]
        const closed = judges.find((id) => id != null && principal !== undefined && !isFor(principal, id))
        if (closed != null)
          return Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId: closed, by: "key" })))
        return Effect.suspend(() => {
          // A guardrail says yes or no; that a limit is used up is a refusal of its own.
          let limited: DeploymentError | undefined
          const ask: ModelGuards.Ask = (id, parameters) => {
            const input = { _tag: "Parameters", parameters } as const
            const judgement = deployments.use(id, (judge) =>
              mayJudge(guarded_by, judge)
                ? admitted(context, judge, input).pipe(
                    Effect.tapError((error) =>
                      Effect.sync(() => {
                        if (isLimit(error)) limited ??= error
                      }),
                    ),
                    Effect.andThen(() => runtime.execute(judge.live, input, {}, context)),
                    Effect.tap((prediction) => Effect.sync(() => spendOn(context, prediction))),
                  )
                : Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId: id, by: "group" }))),
            )
            // It is the server that calls: a model that judges need not be open to the caller.
            return Effect.provideService(judgement, CurrentPrincipal, undefined)
          }
          return Effect.mapError(run(ask), (error) => limited ?? error)
        })
      }

      const mayJudge = (named: Deployment["model"]["guarded_by"], { access }: Deployment): boolean =>
        !settings.get("plugins.ml_commons.model_access_control_enabled") || AccessControl.isAllowed(named, access)

      /** A test of a connector counts as a call of the models that use it: it is a way to their platform. */
      const admittedTest = Effect.fnUntraced(function* ({ name: user, principal }: Caller, connectorId: string) {
        const limits = yield* Effect.provideService(limitsOf(connectorId), CurrentPrincipal, undefined)
        if (principal?.models !== undefined && !limits.some(({ id }) => isFor(principal, id)))
          return yield* DeploymentError.from(new ModelAccessDenied({ modelId: connectorId, by: "test" }))
        if (principal !== undefined) yield* withinBudget(principal, 1)
        yield* take(
          limits.flatMap((limited) => claimsOf(limited, user)),
          1,
        )
      })

      const limitsOf = Effect.fnUntraced(function* (connectorId: string) {
        const ids = yield* models.referencing(connectorId)
        return yield* Effect.forEach(ids.slice(0, maxTestedModels), (id) =>
          Effect.flatMap(models.get(id), ({ model }) =>
            Effect.map(
              model.is_controller_enabled === true ? controllers.limits(id) : Effect.succeed({}),
              (userLimits): Limited => ({ id, model, userLimits }),
            ),
          ),
        )
      })

      const predicted = (context: CallContext.CallContext, deployment: Deployment, input: PredictInput) =>
        permitted(input).pipe(
          Effect.andThen(() => admitted(context, deployment, input)),
          Effect.andThen(() =>
            judged(context, deployment, (ask) =>
              counted(
                context,
                deployment.id,
                runtime.execute(deployment.live, input, deployment.guardrails(ask), context, deployment.batches),
              ),
            ),
          ),
          Effect.tap((prediction) => Effect.sync(() => spendOn(context, prediction))),
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
          return yield* judged(context, deployment, (ask) =>
            counted(context, id, runtime.stream(deployment.live, input, deployment.guardrails(ask), context, report)),
          )
        }),
        render: Effect.fnUntraced(function* ({ caller }, id, input, { stream = false } = {}) {
          if (stream && !settings.get("plugins.ml_commons.stream_enabled"))
            return yield* DeploymentError.from(new StreamingDisabled())
          yield* permitted(input)
          const deployment = yield* deployments.inspect(id)
          if (caller.principal !== undefined && !isFor(caller.principal, id))
            return yield* DeploymentError.from(new ModelAccessDenied({ modelId: id, by: "key" }))
          yield* Effect.fromResult(deployment.interface.input(input))
          const { live, batches, model } = deployment
          return yield* runtime.dryRun(live.compiled, input, {
            stream,
            batches,
            guardrails: ModelGuards.local(model.guardrails),
          })
        }),
        renderBlueprint: Effect.fnUntraced(function* ({ connector, credential }, input, options) {
          const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, names(credential)))
          return yield* runtime.dryRun(compiled, input, options)
        }),
        test: Effect.fnUntraced(function* (context, connectorId, input) {
          yield* connectors.get(connectorId)
          yield* admittedTest(context.caller, connectorId)
          const { blueprint } = yield* connectors.blueprint(connectorId)
          const { connector, credential } = yield* SecretReferences.resolve(blueprint)
          const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, names(credential)))
          const test = yield* runtime.test(compiled, credential, input, context)
          spend(context, [test.usage])
          return test
        }),
        stats: Effect.sync(() => new Map(stats)),
      }
    }),
  )
}

type Limited = Pick<Deployment, "id" | "model" | "userLimits">

interface ModelClaim extends RateLimiter.Claim {
  readonly level: RateLimited["level"]
}

const claimsOf = ({ id, model, userLimits }: Limited, user: string | undefined): ReadonlyArray<ModelClaim> => {
  const ofUser = user === undefined || !Object.hasOwn(userLimits, user) ? undefined : userLimits[user]
  return [
    ...(model.rate_limiter === undefined ? [] : [{ key: id, limit: model.rate_limiter, level: "model" as const }]),
    ...(ofUser === undefined ? [] : [{ key: `${id} ${user}`, limit: ofUser, level: "user" as const }]),
  ]
}

/** So many models of one connector are looked at when it is tested. */
const maxTestedModels = 100

const isFor = ({ models }: CurrentPrincipal, modelId: string): boolean =>
  models === undefined || models.includes(modelId)

/** No model and no user has such a name; two keys of one name count for themselves. */
const quotaKeyOf = ({ kind, name, id }: CurrentPrincipal): string => `\0${kind}\0${id ?? name}`

const isLimit = ({ reason }: DeploymentError): boolean =>
  reason._tag === "RateLimited" || reason._tag === "QuotaExceeded"

/** For guardrails that call no model. */
const noJudge: ModelGuards.Ask = () => Effect.die("These guardrails have no model to call")

/** Of the models that were called last: those that are deleted leave in time. In bytes, at some 400 a model without its latencies. */
const statsKept = { entries: 10_000, bytes: 10_000_000 }

/** How many latencies of one model are kept at most, whatever the setting allows. */
const maxLatencies = 10_000

const exceeded = (quota: QuotaExceeded["quota"], limit: number, waitMillis: number, calls: number) => {
  const wait = waitMillis === Infinity ? {} : { retryAfterMillis: waitMillis }
  return Effect.fail(DeploymentError.from(new QuotaExceeded({ quota, limit, calls, ...wait })))
}
