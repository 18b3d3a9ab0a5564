/**
 * What is live: the compiled connector and the open connections of each deployed model.
 *
 * A deployment is made when a model is first asked after its record, or its connector's, was written. So a change holds
 * from the next predict on, and what is under way ends on the connector it began with.
 */
import { names } from "@drawbar/blueprint-schema/Credential"
import { ownCopy } from "@drawbar/bounded-map/BoundedMap"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import type { DocumentBatches } from "@drawbar/connector-runtime/processors/DocumentBatches"
import type { EgressPool } from "@drawbar/egress/EgressPool"
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import * as RetryBudget from "@drawbar/egress/RetryBudget"
import * as AccessControl from "@drawbar/registry/access/AccessControl"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Controllers } from "@drawbar/registry/models/Controllers"
import type { Model } from "@drawbar/registry/models/Model"
import { type Found, Models } from "@drawbar/registry/models/Models"
import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import type { RateLimit } from "@drawbar/registry/models/RateLimit"
import { type RecordChange, ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { NotFound, StoreError } from "@drawbar/document-store/StoreError"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Context, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import {
  DeploymentError,
  ModelAccessDenied,
  ModelDisabled,
  NotDeployed,
  RemoteInferenceDisabled,
} from "./DeploymentError.ts"
import * as InterfaceCheck from "./InterfaceCheck.ts"
import * as ModelGuards from "./ModelGuards.ts"
import * as SecretReferences from "./SecretReferences.ts"

export interface Deployment {
  readonly id: string
  readonly model: Model
  readonly live: LiveConnector
  readonly interface: InterfaceCheck.InterfaceCheck
  readonly guardrails: ReturnType<typeof ModelGuards.make>
  /** What one call of the platform takes, where the model splits its documents. */
  readonly batches: DocumentBatches | undefined
  /** How often each user may call the model, by the model's controller. */
  readonly userLimits: Readonly<Record<string, RateLimit>>
  /** Whose the model's group is. */
  readonly access: AccessControl.Access
}

/** How often something was done with a model. */
export interface ActionCounts {
  readonly register: number
  readonly deploy: number
  readonly undeploy: number
}

/** How many models' actions are counted: those that were first counted go first, since their ids outlive them. */
const maxCounted = 10_000

type Failure = DeploymentError | ConnectorError | RegistryFailure

/** A deployment that is made, or being made by the first who asked for it. */
interface Entry {
  readonly scope: Scope.Closeable
  readonly making: Fiber.Fiber<Deployment, Failure>
  deployment: Deployment | undefined
  /** When it was last asked for, in ms since 1970. */
  lastUsed: number
  /** How many work with it. */
  users: number
  /** Nobody new comes to it; its connections close when the last has left. */
  dropped: boolean
}

interface UsableEntry {
  readonly entry: Entry
  readonly deployment: Deployment
}

export class Deployments extends Context.Service<
  Deployments,
  {
    /**
     * Works with the deployment of a model; deploys it where nobody forbids that, fails for a model that is switched off.
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
    /** Deploys a model, again if it is deployed already; answers the id of the task that reports it. */
    readonly deploy: (modelId: string) => Effect.Effect<{ readonly task_id: string }, Failure>
    /** Undeploys a model: its connections close when what is under way has ended. */
    readonly undeploy: (modelId: string) => Effect.Effect<"undeployed" | "not_found", RegistryFailure>
    /** When a model was last asked, in ms since 1970; nothing where it was not since it was deployed. */
    readonly lastUsed: (modelId: string) => Effect.Effect<number | undefined>
    /** The ids of the models whose connections are open. */
    readonly live: Effect.Effect<ReadonlyArray<string>>
    /** Whether the model was asked for since its record was written; an id that somebody made up was not. */
    readonly knows: (modelId: string) => boolean
    /** How many predicts are under way. */
    readonly executing: () => number
    /** Counts what was done with a model elsewhere. */
    readonly count: (modelId: string, action: keyof ActionCounts) => void
    /** How often each model was registered, deployed and undeployed since the start. */
    readonly actions: () => ReadonlyMap<string, ActionCounts>
    /** The connections of each model. */
    readonly pools: () => ReadonlyArray<{ readonly model: string; readonly pool: EgressPool }>
  }
>()("@drawbar/deployments/Deployments") {
  static readonly layer = Layer.effect(
    Deployments,
    Effect.gen(function* () {
      const models = yield* Models
      const groups = yield* ModelGroups
      const connectors = yield* Connectors
      const controllers = yield* Controllers
      const settings = yield* Settings
      const runtime = yield* ConnectorRuntime
      const changes = yield* ChangeFeed
      const layerScope = yield* Effect.scope
      const clock = yield* Clock.Clock
      const entries = new Map<string, Entry>()
      const actions = new Map<string, ActionCounts>()

      const count = (id: string, action: keyof ActionCounts) => {
        const counted = actions.get(id) ?? { register: 0, deploy: 0, undeploy: 0 }
        actions.set(id, { ...counted, [action]: counted[action] + 1 })
        const [oldest] = actions.keys()
        if (actions.size > maxCounted && oldest !== undefined) actions.delete(oldest)
      }

      /** What the models of one connector may send again, they share. */
      const budgetOf = ({ connector_id }: Model): RetryBudget.RetryBudget => {
        const isSibling = ({ deployment }: Entry) =>
          connector_id !== undefined && deployment?.model.connector_id === connector_id
        return entries.values().find(isSibling)?.deployment?.live.budget ?? RetryBudget.make()
      }

      const drop = (id: string, entry: Entry) => {
        entries.delete(id)
        entry.dropped = true
        close(entry)
      }
      // Nobody waits for the closing.
      const close = ({ scope, users, dropped }: Entry) => {
        if (dropped && users === 0) Effect.runFork(Scope.close(scope, Exit.void))
      }
      yield* changes.subscribe((written) => {
        for (const [id, entry] of entries) if (written.some((change) => concerns(change, id, entry))) drop(id, entry)
      })

      const blueprintOf = Effect.fnUntraced(function* (found: Found) {
        const inline = yield* models.blueprint(found)
        if (Option.isSome(inline)) return inline.value
        return (yield* connectors.blueprint(found.model.connector_id ?? "")).blueprint
      })

      // A deployment is the server's: whoever asks first makes it for all.
      const open = (id: string) => Effect.provideService(opened(id), CurrentPrincipal, undefined)

      const opened = Effect.fnUntraced(function* (id: string): Effect.fn.Return<Deployment, Failure, Scope.Scope> {
        const found = yield* Effect.catchReason(models.get(id), "StoreError", "NotFound", ({ collection }) =>
          Effect.fail(StoreError.from(new NotFound({ collection, id, message: "Failed to find model" }))),
        )
        const { connector, credential } = yield* Effect.flatMap(blueprintOf(found), SecretReferences.resolve)
        const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, names(credential)))
        const { model } = found
        const group = yield* groups.get(model.model_group_id)
        return {
          id,
          model,
          live: yield* runtime.open(compiled, credential, { budget: budgetOf(model) }),
          interface: InterfaceCheck.make(model.interface),
          guardrails: ModelGuards.make(model.guardrails),
          batches: batchesOf(model),
          userLimits: model.is_controller_enabled === true ? yield* controllers.limits(id) : {},
          access: AccessControl.of(group.source),
        }
      })

      /** Those who ask while a deployment is being made wait for the one who began. */
      const make = Effect.fnUntraced(function* (named: string): Effect.fn.Return<Deployment, Failure> {
        // Cut from a request's URL, it would keep all of that alive as long as the model is deployed.
        const id = ownCopy(named)
        const scope = yield* Scope.fork(layerScope)
        const making = yield* Effect.forkIn(Scope.provide(open(id), scope), layerScope)
        const entry: Entry = {
          scope,
          making,
          deployment: undefined,
          lastUsed: clock.currentTimeMillisUnsafe(),
          users: 0,
          dropped: false,
        }
        entries.set(id, entry)
        const exit = yield* Fiber.await(making)
        if (Exit.isSuccess(exit)) entry.deployment = exit.value
        else if (entries.get(id) === entry) drop(id, entry)
        // What was written meanwhile has dropped the entry: what was read before may be old.
        if (Exit.isSuccess(exit) && entries.get(id) !== entry) return yield* join(id)
        return yield* exit
      }, Effect.uninterruptible)

      const join = (id: string): Effect.Effect<Deployment, Failure> =>
        Effect.suspend(() => {
          const entry = entries.get(id)
          if (entry === undefined) return make(id)
          entry.lastUsed = clock.currentTimeMillisUnsafe()
          return entry.deployment === undefined ? Fiber.join(entry.making) : Effect.succeed(entry.deployment)
        })

      const marked = (id: string) => Effect.tap(models.markDeployed(id), () => Effect.sync(() => count(id, "deploy")))

      const marking = new Map<string, Fiber.Fiber<string, RegistryFailure>>()

      /** Those who ask while a model is being marked wait for the one who began: each mark makes the deployment anew. */
      const mark = Effect.fnUntraced(function* (id: string) {
        const begun = marking.get(id)
        if (begun !== undefined) return yield* Fiber.join(begun)
        const ended = Effect.sync(() => marking.delete(id))
        const fiber = yield* Effect.forkIn(Effect.ensuring(marked(id), ended), layerScope)
        marking.set(id, fiber)
        return yield* Fiber.join(fiber)
      })

      /** Fails for a model that is switched off, or that is not deployed and may not be by a predict. */
      const callable = ({ id, model }: Deployment): Effect.Effect<void, DeploymentError> => {
        if (model.is_enabled === false) return Effect.fail(DeploymentError.from(new ModelDisabled({ modelId: id })))
        if (model.model_state === "DEPLOYED") return Effect.void
        if (!settings.get("plugins.ml_commons.model_auto_deploy.enable"))
          return Effect.fail(DeploymentError.from(new NotDeployed({ modelId: id, by: "setting" })))
        return model.deploy_setting?.is_auto_deploy_enabled === false
          ? Effect.fail(DeploymentError.from(new NotDeployed({ modelId: id, by: "model" })))
          : Effect.void
      }

      const ready = Effect.fnUntraced(function* (deployment: Deployment) {
        yield* callable(deployment)
        if (deployment.model.model_state === "DEPLOYED") return deployment
        yield* mark(deployment.id)
        return yield* join(deployment.id)
      })

      const asking = yield* AccessControl.enforcedPrincipal("model")
      const permitted = ({ id, access }: Deployment) =>
        Effect.flatMap(asking, (asker) =>
          AccessControl.isAllowed(asker, access)
            ? Effect.void
            : Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId: id, by: "group" }))),
        )

      const mayRun = Effect.suspend(() =>
        settings.get("plugins.ml_commons.remote_inference.enabled")
          ? Effect.void
          : Effect.fail(DeploymentError.from(new RemoteInferenceDisabled())),
      )

      const find = (id: string) => Effect.andThen(mayRun, Effect.flatMap(Effect.tap(join(id), permitted), ready))

      /** A deployment that nothing has to be asked about; `find` makes it so, or says why it cannot be. */
      const usable = (id: string): UsableEntry | undefined => {
        const entry = entries.get(id)
        if (entry?.deployment === undefined || !settings.get("plugins.ml_commons.remote_inference.enabled"))
          return undefined
        const { model_state, is_enabled } = entry.deployment.model
        return model_state === "DEPLOYED" && is_enabled !== false ? { entry, deployment: entry.deployment } : undefined
      }

      const enter = (entry: Entry) => {
        entry.lastUsed = clock.currentTimeMillisUnsafe()
        entry.users++
        return Effect.sync(() => {
          entry.users--
          close(entry)
        })
      }

      const use = <A, E, R>(
        id: string,
        work: (deployment: Deployment) => Effect.Effect<A, E, R>,
      ): Effect.Effect<A, E | Failure, R> =>
        Effect.suspend(() => {
          const found = usable(id)
          if (found === undefined) return Effect.andThen(find(id), use(id, work))
          const leave = enter(found.entry)
          return Effect.ensuring(
            Effect.andThen(permitted(found.deployment), () => work(found.deployment)),
            leave,
          )
        })

      const hold = (id: string): Effect.Effect<Deployment, Failure, Scope.Scope> =>
        Effect.suspend(() => {
          const found = usable(id)
          if (found === undefined) return Effect.andThen(find(id), hold(id))
          const leave = enter(found.entry)
          return Effect.uninterruptible(
            Effect.as(
              Effect.andThen(
                Effect.addFinalizer(() => leave),
                permitted(found.deployment),
              ),
              found.deployment,
            ),
          )
        })

      return {
        use,
        hold,
        inspect: (id) => Effect.andThen(mayRun, join(id).pipe(Effect.tap(permitted), Effect.tap(callable))),
        deploy: Effect.fnUntraced(function* (id) {
          yield* mayRun
          // A connector that cannot be run is found out now, not by the first predict.
          yield* permitted(yield* join(id))
          const task_id = yield* marked(id)
          yield* join(id)
          return { task_id }
        }),
        undeploy: (id) =>
          Effect.map(models.markUndeployed(id), (was) => {
            if (was) count(id, "undeploy")
            return was ? "undeployed" : "not_found"
          }),
        lastUsed: (id) => Effect.sync(() => entries.get(id)?.lastUsed),
        live: Effect.sync(() =>
          [...entries].flatMap(([id, { deployment }]) => (deployment?.model.model_state === "DEPLOYED" ? [id] : [])),
        ),
        knows: (id) => entries.get(id)?.deployment !== undefined,
        executing: () => [...entries.values()].reduce((total, { users }) => total + users, 0),
        count,
        actions: () => actions,
        pools: () =>
          [...entries].flatMap(([model, { deployment }]) =>
            [...(deployment?.live.pools.values() ?? [])].map((pool) => ({ model, pool })),
          ),
      }
    }),
  )
}

/** Nothing where no limit is on. */
const batchesOf = ({ batch_inference_config }: Model): DocumentBatches | undefined => {
  const { max_items_per_request = -1, max_bytes_per_request = -1 } = batch_inference_config ?? {}
  const [maxItems, maxBytes] = [max_items_per_request, max_bytes_per_request].map((limit) =>
    limit > 0 ? limit : undefined,
  )
  return maxItems === undefined && maxBytes === undefined ? undefined : { maxItems, maxBytes }
}

const concerns = ({ collection, id }: RecordChange, modelId: string, { deployment }: Entry): boolean => {
  if (collection === "model") return id === modelId
  // Which connector and group a deployment in the making will have is not known yet.
  if (collection === "model-group") return deployment === undefined || deployment.model.model_group_id === id
  return collection === "connector" && (deployment === undefined || deployment.model.connector_id === id)
}
