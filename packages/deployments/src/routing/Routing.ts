/** Which target of a model takes a call, and which ones follow where it fails: a row a policy. */
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import type { RetryBudget } from "@drawbar/egress/RetryBudget"
import type { FallbackClass, ModelRouting } from "@drawbar/registry/models/ModelRouting"
import type { Effect } from "effect"
import type { Failure } from "../deployment/DeploymentFailure.ts"
import type { TargetHealth } from "./TargetHealth.ts"

/** A connector that the model's deployment has opened, or opens when it is asked, or another model. */
export type Upstream =
  | { readonly _tag: "Connector"; readonly open: Effect.Effect<LiveConnector, Failure> }
  | { readonly _tag: "Model"; readonly id: string }

export interface RouteTarget {
  /** `connector:ID`, `model:ID`, or `connector` where it lives in the model. */
  readonly name: string
  readonly upstream: Upstream
  /** Its share of the calls, beside the weights of the others; 0 where it is a fallback alone. */
  readonly weight: number
  readonly health: TargetHealth
}

export interface Route {
  readonly policy: NonNullable<ModelRouting["policy"]>
  /** Those with a share, then the fallbacks in order. */
  readonly targets: ReadonlyArray<RouteTarget>
  readonly fallbackOn: ReadonlySet<FallbackClass>
  readonly budget: RetryBudget
  /** How much of each share was not used, by `targets`. */
  readonly credits: Array<number>
  /** In ms: how long a call may take where its caller does not say. */
  readonly longestCallMs: number
  /** Whether its deployment was closed. */
  readonly isClosed: () => boolean
}

/**
 * The targets of a call in the order in which they are asked: the one that the policy chooses, the others that are ready, and last those
 * that rest. `take` uses the share up; without it the next call is looked ahead to.
 */
export const order = (route: Route, now: number, take: boolean): ReadonlyArray<RouteTarget> => {
  const ready: Array<number> = []
  const resting: Array<number> = []
  for (const [at, { health }] of route.targets.entries()) (health.isReady(now) ? ready : resting).push(at)
  const shared = ready.filter((at) => weightOf(route, at) > 0)
  const first = policies[route.policy](route, shared, now, take)
  const rest = [...ready, ...resting].filter((at) => at !== first)
  return (first === undefined ? rest : [first, ...rest]).flatMap((at) => route.targets[at] ?? [])
}

type Policy = (route: Route, ready: ReadonlyArray<number>, now: number, take: boolean) => number | undefined

const policies: Readonly<Record<Route["policy"], Policy>> = {
  // Smooth weighted round robin: shares are exact, and the calls of a target are spread among the others' calls.
  // Source: https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
  weighted: (route, ready, _, take) => {
    const credit = (at: number) => (route.credits[at] ?? 0) + weightOf(route, at)
    const chosen = least(ready, (at) => -credit(at))
    if (!take || chosen === undefined) return chosen
    let total = 0
    for (const at of ready) {
      total += weightOf(route, at)
      route.credits[at] = credit(at)
    }
    route.credits[chosen] = (route.credits[chosen] ?? 0) - total
    return chosen
  },
  least_latency: (route, ready, now) => least(ready, (at) => route.targets[at]?.health.load(now) ?? Infinity),
}

/** The first of those with the least. */
const least = (ready: ReadonlyArray<number>, by: (at: number) => number): number | undefined => {
  let found: number | undefined
  let best = Infinity
  for (const at of ready) {
    const value = by(at)
    if (found === undefined || value < best) [found, best] = [at, value]
  }
  return found
}

const weightOf = ({ targets }: Route, at: number) => targets[at]?.weight ?? 0
