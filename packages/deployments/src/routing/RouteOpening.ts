/** Makes the route of a deployment from the `routing` of its model's record. */
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import * as RetryBudget from "@drawbar/egress/RetryBudget"
import { fallbackClasses, type ModelRouting, type Target } from "@drawbar/registry/models/ModelRouting"
import { Effect, Scope, Semaphore } from "effect"
import type { Failure } from "../deployment/DeploymentFailure.ts"
import type { Route, RouteTarget, Upstream } from "./Routing.ts"
import * as TargetHealth from "./TargetHealth.ts"

/** Opens the connections of a connector by its id. */
export type OpenConnector = (connectorId: string) => Effect.Effect<LiveConnector, Failure, Scope.Scope>

interface RoutedModel {
  readonly id: string
  /** Absent where the connector lives in the model. */
  readonly connector_id: string | undefined
  readonly routing: ModelRouting
}

/** Fallbacks that may be under way at once when a target fails, before the budget's rate holds. */
const fallbacksAtOnce = 100

/**
 * The connections close with the scope. A target that cannot be opened now does not keep the others from serving: it is opened again
 * when it is asked.
 */
export const make = Effect.fnUntraced(function* (
  { id, connector_id, routing }: RoutedModel,
  own: LiveConnector,
  open: OpenConnector,
  /** Takes each connector that was opened. */
  opened: (connectorId: string, live: LiveConnector) => void,
): Effect.fn.Return<Route, never, Scope.Scope> {
  const scope = yield* Effect.scope
  let isClosed = false
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isClosed = true)))
  const isOwn = (target: Target) => target.connector_id !== undefined && target.connector_id === connector_id

  const connector = Effect.fnUntraced(function* (connectorId: string): Effect.fn.Return<Upstream> {
    const turn = yield* Semaphore.make(1)
    let live: LiveConnector | undefined
    const make = Effect.tap(Effect.uninterruptible(Scope.provide(open(connectorId), scope)), (made) =>
      Effect.sync(() => {
        live = made
        opened(connectorId, made)
      }),
    )
    const once = Effect.suspend(() =>
      live === undefined
        ? turn.withPermits(1)(Effect.suspend(() => (live === undefined ? make : Effect.succeed(live))))
        : Effect.succeed(live),
    )
    yield* Effect.catch(once, ({ message }) =>
      Effect.logWarning(`Model ${id}: the connector ${connectorId} of its routing cannot be used: ${message}`),
    )
    return { _tag: "Connector", open: once }
  })

  const target = Effect.fnUntraced(function* (named: Target, weight: number): Effect.fn.Return<RouteTarget> {
    const health = TargetHealth.make()
    const ownTarget = { name: connector_id === undefined ? "connector" : `connector:${connector_id}`, weight, health }
    if (named.model_id !== undefined)
      return { name: `model:${named.model_id}`, upstream: { _tag: "Model", id: named.model_id }, weight, health }
    return named.connector_id === undefined || isOwn(named)
      ? { ...ownTarget, upstream: { _tag: "Connector", open: Effect.succeed(own) } }
      : { name: `connector:${named.connector_id}`, upstream: yield* connector(named.connector_id), weight, health }
  })

  const { targets = [], fallback = [] } = routing
  const namesOwn = [...targets, ...fallback].some(isOwn)
  const shared = [...(namesOwn ? [] : [{ weight: routing.weight ?? 1 }]), ...targets]
  return {
    policy: routing.policy ?? "weighted",
    targets: [
      // Without a share a target is taken out, as for maintenance.
      ...(yield* Effect.forEach(
        shared.filter(({ weight = 1 }) => weight > 0),
        (one) => target(one, one.weight ?? 1),
      )),
      ...(yield* Effect.forEach(fallback, (one) => target(one, 0))),
    ],
    fallbackOn: new Set(routing.fallback_on ?? fallbackClasses),
    budget: RetryBudget.make(fallbacksAtOnce),
    credits: [],
    longestCallMs: own.longestCallMs,
    isClosed: () => isClosed,
  }
})
