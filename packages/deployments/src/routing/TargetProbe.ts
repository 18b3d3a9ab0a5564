/**
 * Looks in the background when a target that could not be reached is back, so that no caller waits to find it out: a request without
 * a credential to the root of its origin. A response of any status shows that it is there.
 */
import * as CircuitBreaker from "@drawbar/egress/CircuitBreaker"
import { EgressError, type EgressReason } from "@drawbar/egress/EgressError"
import type { EgressPool } from "@drawbar/egress/EgressPool"
import { Clock, Effect, FiberSet, Result } from "effect"
import { Deployments } from "../deployment/Deployments.ts"
import type { Route, RouteTarget, Upstream } from "./Routing.ts"

/** In ms and bytes. */
const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 10_000, maxResponseBytes: 65_536 }

export const make = Effect.gen(function* () {
  const deployments = yield* Deployments
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime()

  const reach = (upstream: Upstream): Effect.Effect<Result.Result<unknown, unknown>> =>
    upstream._tag === "Connector"
      ? Effect.result(Effect.flatMap(upstream.open, ({ pools }) => knock(pools)))
      : Effect.result(deployments.use(upstream.id, ({ targets: [own] }) => knock(own.live.pools)))

  const wait = ({ health }: RouteTarget) =>
    Effect.suspend(() => Effect.sleep(Math.max(0, health.restsUntil() - clock.currentTimeMillisUnsafe())))

  /** Until it is there, or its deployment is closed. */
  const watch = (route: Route, target: RouteTarget): Effect.Effect<void> =>
    Effect.suspend(() => {
      const ended = target.health.probing()
      return Effect.andThen(
        wait(target),
        Effect.suspend(() => (route.isClosed() ? Effect.void : reach(target.upstream))),
      ).pipe(
        Effect.flatMap((reached) => {
          const isThere = reached === undefined || isAnswer(reached)
          ended(isThere, clock.currentTimeMillisUnsafe())
          return isThere ? Effect.void : watch(route, target)
        }),
      )
    })

  return (route: Route, target: RouteTarget): void => void run(watch(route, target))
})

const knock = (pools: ReadonlyMap<string, EgressPool>) => {
  const [pool] = pools.values()
  return pool === undefined ? Effect.void : pool.send({ method: "HEAD", url: `${pool.origin}/`, headers: {} }, limits)
}

/** Where the origin may not be asked so, or nothing can be asked, the next call finds out. */
const isAnswer = (reached: Result.Result<unknown, unknown>): boolean =>
  Result.isSuccess(reached) || !(reached.failure instanceof EgressError) || !isAway(reached.failure.reason)

const isAway = (reason: EgressReason): boolean => reason._tag === "CircuitOpen" || CircuitBreaker.counts(reason)
