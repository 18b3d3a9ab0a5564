/** The whole way of one predict, for routes, batches and library users. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/ConnectorRuntime"
import { actionOf, type PredictInput } from "@drawbar/connector-runtime/PredictInput"
import { Journey } from "@drawbar/connector-runtime/Journey"
import type { Prediction } from "@drawbar/connector-runtime/Prediction"
import type { StreamFrame } from "@drawbar/connector-runtime/PredictionStream"
import * as PreProcess from "@drawbar/connector-runtime/PreProcess"
import * as RemoteRequest from "@drawbar/connector-runtime/RemoteRequest"
import * as TokenUsage from "@drawbar/connector-runtime/TokenUsage"
import type * as Trial from "@drawbar/connector-runtime/Trial"
import { Asker } from "@drawbar/registry/Asker"
import { Connectors } from "@drawbar/registry/Connectors"
import type { RegistryError } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/Settings"
import { Clock, Context, Effect, Exit, Layer, Result, type Scope } from "effect"
import { type Deployment, Deployments } from "./Deployments.ts"
import {
  type DeploymentError,
  NoPrivilege,
  QuotaExceeded,
  refuse,
  StreamingDisabled,
  Throttled,
} from "./DeploymentError.ts"
import type * as ModelGuards from "./ModelGuards.ts"
import * as RateLimiter from "./RateLimiter.ts"
import * as SecretReferences from "./SecretReferences.ts"
import * as TokenBudget from "./TokenBudget.ts"

export type PredictionError = DeploymentError | ConnectorError | RegistryError

/** What was asked of a model since the start; `latencies` are those of the last requests, in ms. */
export interface PredictStats {
  readonly requests: number
  readonly failures: number
  readonly latencies: ReadonlyArray<number>
}

interface Mutable {
  requests: number
  failures: number
  readonly latencies: Array<number>
}

export class Predictions extends Context.Service<
  Predictions,
  {
    /** `user` is the name of who asks, where it is known: controllers count by it. */
    readonly predict: (
      modelId: string,
      input: PredictInput,
      user?: string,
    ) => Effect.Effect<Prediction, PredictionError>
    /** As `predict`, answered piece by piece; the first is there when the effect ends, the rest may throw a `ConnectorError`. */
    readonly stream: (
      modelId: string,
      input: PredictInput,
      user?: string,
    ) => Effect.Effect<AsyncIterable<ReadonlyArray<StreamFrame>>, PredictionError, Scope.Scope>
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
    /** One live call of a stored connector, told stage by stage; with a made-up input where none is given. */
    readonly attempt: (
      connectorId: string,
      input?: PredictInput,
    ) => Effect.Effect<Trial.Trial, ConnectorError | RegistryError>
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

      const count = (id: string, isFailure: boolean, millis: number) => {
        const counted = stats.get(id) ?? { requests: 0, failures: 0, latencies: [] }
        stats.set(id, counted)
        counted.requests++
        if (isFailure) counted.failures++
        counted.latencies.push(millis)
        while (counted.latencies.length > settings.get("plugins.ml_commons.monitoring_request_count"))
          counted.latencies.shift()
      }

      const ask: ModelGuards.Ask = (id, parameters) => {
        const input = { _tag: "Parameters", parameters } as const
        const judged = deployments.use(id, (deployment) =>
          Effect.andThen(admitted(deployment, input, undefined), runtime.execute(deployment.live, input)),
        )
        // Who judges is the model owner's choice, and costs the caller nothing.
        return Effect.provideService(judged, Asker, undefined)
      }

      const allowed = ({ id, model, userLimits }: Deployment, user: string | undefined) => {
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
            refuse(new Throttled(waitMillis === Infinity ? { level } : { level, retryAfterMillis: waitMillis })),
          )
        })
      }

      /** Fails where the key of who asks is for other models, or used up. */
      const withinQuota = (modelId: string) =>
        Effect.flatMap(Asker, (asker) => {
          if (asker === undefined || (asker.models === undefined && asker.quota === undefined)) return Effect.void
          const { kind, name, models, quota: { requests_per_minute, tokens_per_day } = {} } = asker
          if (models !== undefined && !models.includes(modelId))
            return Effect.fail(refuse(new NoPrivilege({ modelId, by: "key" })))
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
      const spend = (usages: ReadonlyArray<TokenUsage.TokenUsage | undefined>) =>
        Effect.flatMap(Asker, (asker) =>
          Effect.map(Journey, (journey) => {
            const isCounted = asker?.quota?.tokens_per_day !== undefined
            if (!isCounted && journey === undefined) return
            const { input, output } = TokenUsage.sum(usages)
            if (journey !== undefined) {
              journey.input += input
              journey.output += output
            }
            if (isCounted) tokens.spend(`${asker.kind} ${asker.name}`, input + output, clock.currentTimeMillisUnsafe())
          }),
        )

      /** Fails where this may not be asked, now, by this user. */
      const admitted = (deployment: Deployment, input: PredictInput, user: string | undefined) =>
        withinQuota(deployment.id).pipe(
          Effect.andThen(() => Effect.fromResult(deployment.interface.input(input))),
          Effect.andThen(() => allowed(deployment, user)),
        )

      /** Runs it, and remembers how it ended and how long it took. */
      const counted = <A, R>(id: string, run: Effect.Effect<A, ConnectorError, R>) =>
        Effect.suspend(() => {
          const begun = clock.currentTimeMillisUnsafe()
          return Effect.onExit(run, (exit) =>
            Effect.sync(() => count(id, Exit.isFailure(exit), clock.currentTimeMillisUnsafe() - begun)),
          )
        })

      const predicted = (deployment: Deployment, input: PredictInput, user: string | undefined) =>
        admitted(deployment, input, user).pipe(
          Effect.andThen(() =>
            counted(deployment.id, runtime.execute(deployment.live, input, deployment.guardrails(ask))),
          ),
          Effect.tap(({ inference_results }) => spend(inference_results.map(({ usage }) => usage))),
          Effect.tap((prediction) => Effect.fromResult(deployment.interface.output(prediction))),
        )

      return {
        predict: (id, input, user) => deployments.use(id, (deployment) => predicted(deployment, input, user)),
        stream: Effect.fnUntraced(function* (id, input, user) {
          if (!settings.get("plugins.ml_commons.stream_enabled")) return yield* refuse(new StreamingDisabled())
          const deployment = yield* deployments.hold(id)
          yield* admitted(deployment, input, user)
          const frames = yield* counted(id, runtime.stream(deployment.live, input, deployment.guardrails(ask)))
          const services = yield* Effect.context()
          return reporting(frames, (usage) => Effect.runSyncWith(services)(spend([usage])))
        }),
        render: Effect.fnUntraced(function* (id, input) {
          return yield* Effect.fromResult(rendered(yield* deployments.blueprint(id), input))
        }),
        renderBlueprint: (blueprint, input) => Effect.fromResult(rendered(blueprint, input)),
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
  Effect.fail(refuse(new QuotaExceeded({ quota, limit, retryAfterMillis })))

/** The same frames; says how many tokens they took, where the platform does. */
async function* reporting(
  batches: AsyncIterable<ReadonlyArray<StreamFrame>>,
  report: (usage: TokenUsage.TokenUsage) => void,
) {
  for await (const frames of batches) {
    for (const { usage } of frames) {
      const counted = usage === undefined ? undefined : TokenUsage.ofText(usage)
      if (counted !== undefined) report(counted)
    }
    yield frames
  }
}

const rendered = (
  { connector, credential }: Blueprint,
  input: PredictInput,
): Result.Result<RemoteRequest.RemoteRequest, ConnectorError> =>
  Result.gen(function* () {
    const compiled = yield* CompiledConnector.compile(connector, names(credential))
    const action = yield* CompiledConnector.find(compiled, actionOf(input))
    const [supplied = { caller: new Map(), runtime: new Map() }] = yield* PreProcess.run(action.preProcess, input)
    return yield* RemoteRequest.render(action, supplied, () => RemoteRequest.mask)
  })
