/** How a call comes to a deployment: it is made and marked where it has to be, and stays open until the call has ended. */
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect, Result, type Scope } from "effect"
import * as Availability from "./Availability.ts"
import type { Deployment } from "./Deployment.ts"
import type { DeploymentEntries } from "./DeploymentEntries.ts"
import type { Failure } from "./DeploymentFailure.ts"

type MarkOnce = (id: string) => Effect.Effect<unknown, Failure>

export const make = Effect.fnUntraced(function* (entries: DeploymentEntries, markOnce: MarkOnce) {
  const settings = yield* Settings
  const permitted = yield* Availability.open

  const mayRun = Effect.suspend(() => Effect.fromResult(Availability.remoteInference(settings)))

  /** Fails for a model that is switched off, or that is not deployed and may not be by a predict. */
  const callable = (deployment: Deployment) =>
    Effect.fromResult(
      Result.flatMap(Availability.enabled(deployment), () => Availability.deployable(deployment, settings)),
    )

  const ready = Effect.fnUntraced(function* (deployment: Deployment) {
    yield* callable(deployment)
    if (deployment.model.model_state === "DEPLOYED") return
    yield* markOnce(deployment.id)
    yield* entries.join(deployment.id)
  })

  const find = (id: string) => Effect.andThen(mayRun, Effect.flatMap(Effect.tap(entries.join(id), permitted), ready))

  /** Where nothing has to be asked about it; `find` makes it so, or fails with why it cannot be. */
  const usable = (id: string): Deployment | undefined => {
    const deployment = entries.get(id)?.deployment
    return deployment !== undefined && Availability.isReady(deployment, settings) ? deployment : undefined
  }

  const use = <A, E, R>(
    id: string,
    work: (deployment: Deployment) => Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | Failure, R> =>
    Effect.suspend(() => {
      const found = usable(id)
      if (found === undefined) return Effect.andThen(find(id), use(id, work))
      const leave = entries.enter(id)
      return Effect.ensuring(
        Effect.andThen(permitted(found), () => work(found)),
        leave,
      )
    })

  const hold = (id: string): Effect.Effect<Deployment, Failure, Scope.Scope> =>
    Effect.suspend(() => {
      const found = usable(id)
      if (found === undefined) return Effect.andThen(find(id), hold(id))
      const leave = entries.enter(id)
      return Effect.uninterruptible(
        Effect.as(
          Effect.andThen(
            Effect.addFinalizer(() => leave),
            permitted(found),
          ),
          found,
        ),
      )
    })

  const inspect = (id: string) =>
    Effect.andThen(mayRun, entries.join(id).pipe(Effect.tap(permitted), Effect.tap(callable)))

  return { use, hold, inspect, mayRun, permitted }
})
