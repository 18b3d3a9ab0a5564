/**
 * What is live: the compiled connector and the open connections of each deployed model.
 *
 * A deployment is made when a model is first asked after its record, or its connector's, was written. So a change holds
 * from the next predict on, and what is under way ends on the connector it began with.
 */
import type { EgressPool } from "@drawbar/egress/EgressPool"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Context, Effect, Layer, type Scope } from "effect"
import * as ActionCounts from "./ActionCounts.ts"
import type { Deployment } from "./Deployment.ts"
import * as DeploymentEntries from "./DeploymentEntries.ts"
import * as DeploymentMarks from "./DeploymentMarks.ts"
import * as DeploymentOpening from "./DeploymentOpening.ts"
import type { Failure } from "./DeploymentFailure.ts"
import * as DeploymentUse from "./DeploymentUse.ts"

export interface TargetState {
  readonly model: string
  readonly target: string
  /** Whether it is passed by, because it failed. */
  readonly resting: boolean
}

export class Deployments extends Context.Service<
  Deployments,
  {
    /**
     * Works with the deployment of a model; deploys it unless that is forbidden, fails for a model that is switched off.
     * What is written meanwhile makes a new deployment for those who come later.
     */
    readonly use: <A, E, R>(
      modelId: string,
      work: (deployment: Deployment) => Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | Failure, R>
    /** As `use`, until the scope closes. */
    readonly hold: (modelId: string) => Effect.Effect<Deployment, Failure, Scope.Scope>
    /** The deployment that a predict would use, with what would refuse the predict; the model is not deployed by it. */
    readonly inspect: (modelId: string) => Effect.Effect<Deployment, Failure>
    /** Fails if a predict would fail because of the model's group, or if there is no such model; whether it may be called is not looked at. */
    readonly open: (modelId: string) => Effect.Effect<Deployment, Failure>
    /** Whether a caller's key is for a model. */
    readonly allows: Aliases["Service"]["allows"]
    /** Deploys a model, or redeploys it. Returns the id of the task that reports it. */
    readonly deploy: (modelId: string) => Effect.Effect<{ readonly task_id: string }, Failure>
    /** Undeploys a model: its connections close when what is under way has ended. */
    readonly undeploy: (modelId: string) => Effect.Effect<"undeployed" | "not_found", RegistryFailure>
    /** When a model was last asked, in ms since 1970; nothing where it was not since it was deployed. */
    readonly lastUsed: (modelId: string) => Effect.Effect<number | undefined>
    /** The ids of the models whose connections are open. */
    readonly live: Effect.Effect<ReadonlyArray<string>>
    /** Whether the model was requested since its record was written. An invented id never was. */
    readonly knows: (modelId: string) => boolean
    /** How many predicts are under way. */
    readonly executing: () => number
    /** Counts what was done with a model elsewhere. */
    readonly count: (modelId: string, action: keyof ActionCounts.ActionCounts) => void
    /** How often each model was registered, deployed and undeployed since the start. */
    readonly actions: () => ReadonlyMap<string, ActionCounts.ActionCounts>
    /** The targets of the models that have a routing. */
    readonly routeTargets: () => ReadonlyArray<TargetState>
    /** The connections of each model. */
    readonly pools: () => ReadonlyArray<{ readonly model: string; readonly pool: EgressPool }>
  }
>()("@drawbar/deployments/Deployments") {
  static readonly layer = Layer.effect(
    Deployments,
    Effect.gen(function* () {
      const entries = yield* DeploymentEntries.make(yield* DeploymentOpening.make)
      const counter = ActionCounts.make()
      const { mark, markOnce, unmark } = yield* DeploymentMarks.make(counter)
      const { use, hold, inspect, mayRun, permitted } = yield* DeploymentUse.make(entries, markOnce)

      return {
        use,
        hold,
        inspect,
        allows: (yield* Aliases).allows,
        open: (id) => Effect.tap(entries.join(id), permitted),
        deploy: Effect.fnUntraced(function* (id) {
          yield* mayRun
          // A connector that cannot be run is found out now, not by the first predict.
          yield* permitted(yield* entries.join(id))
          const task_id = yield* mark(id)
          yield* entries.join(id)
          return { task_id }
        }),
        undeploy: unmark,
        lastUsed: (id) => Effect.sync(() => entries.get(id)?.lastUsed),
        live: Effect.sync(() =>
          [...entries.all()].flatMap(([id, { deployment }]) =>
            deployment?.model.model_state === "DEPLOYED" ? [id] : [],
          ),
        ),
        knows: (id) => entries.get(id)?.deployment !== undefined,
        executing: () => [...entries.all().values()].reduce((total, { users }) => total + users, 0),
        count: counter.count,
        actions: counter.all,
        routeTargets: () => [...entries.all()].flatMap(([model, { deployment }]) => targetsOf(model, deployment)),
        pools: () => [...entries.all()].flatMap(([model, { deployment }]) => poolsOf(model, deployment)),
      }
    }),
  )
}

const poolsOf = (model: string, deployment: Deployment | undefined) =>
  (deployment?.targets ?? []).flatMap(({ live }) => [...live.pools.values()].map((pool) => ({ model, pool })))

const targetsOf = (model: string, deployment: Deployment | undefined): ReadonlyArray<TargetState> =>
  (deployment?.route?.targets ?? []).map(({ name, health }) => ({
    model,
    target: name,
    resting: health.restsUntil() > 0,
  }))
