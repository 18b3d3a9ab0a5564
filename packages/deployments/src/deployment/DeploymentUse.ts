/**
 * How a call comes to a deployment: a name becomes the id of a model, whose deployment is made and marked where it has to be, and
 * stays open until the call has ended.
 */
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import type { Target } from "@drawbar/registry/aliases/Alias"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect, Result, type Scope } from "effect"
import * as Availability from "./Availability.ts"
import type { Deployment } from "./Deployment.ts"
import type { DeploymentEntries } from "./DeploymentEntries.ts"
import { DeploymentError, ModelAccessDenied } from "../DeploymentError.ts"
import type { Failure } from "./DeploymentFailure.ts"

type MarkOnce = (id: string) => Effect.Effect<unknown, Failure>

export const make = Effect.fnUntraced(function* (entries: DeploymentEntries, markOnce: MarkOnce) {
  const settings = yield* Settings
  const aliases = yield* Aliases
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
      return Effect.onExitPrimitive(
        Effect.flatMap(permitted(found), () => work(found)),
        (): undefined => {
          leave()
        },
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
            Effect.addFinalizer(() => Effect.sync(leave)),
            permitted(found),
          ),
          found,
        ),
      )
    })

  const inspect = (id: string) =>
    Effect.andThen(mayRun, entries.join(id).pipe(Effect.tap(permitted), Effect.tap(callable)))

  /** Fails where a target of an alias is closed to the principal, so that all calls of the alias are permitted, or none. */
  const openTo = (principal: CurrentPrincipal, modelId: string): Effect.Effect<void, Failure> => {
    if (!aliases.allows(principal, modelId))
      return Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId, by: "key" })))
    const found = entries.get(modelId)?.deployment
    return found === undefined
      ? // One that cannot be deployed fails the calls that it gets, and no others.
        Effect.matchEffect(entries.join(modelId), { onFailure: () => Effect.void, onSuccess: permitted })
      : permitted(found)
  }

  /** The model that takes the next call of an alias. */
  const nextOf = (name: string, targets: ReadonlyArray<Target>): Effect.Effect<string, Failure> =>
    Effect.flatMap(CurrentPrincipal, (principal) =>
      Effect.map(
        principal === undefined || targets.length === 1
          ? Effect.void
          : Effect.forEach(targets, ({ model_id }) => openTo(principal, model_id), { discard: true }),
        () => aliases.next(name),
      ),
    )

  const through = <A, E, R>(
    name: string,
    call: (id: string) => Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | Failure, R> =>
    Effect.suspend((): Effect.Effect<A, E | Failure, R> => {
      const targets = aliases.targets(name)
      return targets === undefined ? call(name) : Effect.flatMap(nextOf(name, targets), call)
    })

  return {
    use: <A, E, R>(name: string, work: (deployment: Deployment) => Effect.Effect<A, E, R>) =>
      through(name, (id) => use(id, work)),
    hold: (name: string) => through(name, hold),
    /** A dry run takes no turn. */
    inspect: (name: string) => Effect.suspend(() => inspect(aliases.main(name))),
    mayRun,
    permitted,
  }
})
