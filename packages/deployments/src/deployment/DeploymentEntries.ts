/**
 * The deployments that are made or being made, by model, and how many calls each is used by. A write of a record that a deployment was
 * made from takes it out: later calls make another, and its connections close when the last call that uses it has ended.
 * docs/decisions/0015-deployments.md says why this is not an RcMap.
 */
import { type RecordChange, ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { ownCopy } from "@drawbar/bounded-map/BoundedMap"
import * as RetryBudget from "@drawbar/egress/RetryBudget"
import * as ModelRouting from "@drawbar/registry/models/ModelRouting"
import { Clock, Effect, Exit, Fiber, FiberSet, Scope } from "effect"
import type { Deployment } from "./Deployment.ts"
import type { BudgetOf } from "./DeploymentOpening.ts"
import type { Failure } from "./DeploymentFailure.ts"

export interface Entry {
  /** Absent while it is being made. */
  readonly deployment: Deployment | undefined
  /** When it was last asked for, in ms since 1970. */
  readonly lastUsed: number
  /** How many calls use it. */
  readonly users: number
}

export interface DeploymentEntries {
  readonly get: (id: string) => Entry | undefined
  readonly all: () => ReadonlyMap<string, Entry>
  /** The deployment of a model, which is made where there is none. Callers that come meanwhile wait for the first. */
  readonly join: (id: string) => Effect.Effect<Deployment, Failure>
  /** One more call uses an entry; the effect ends that use. */
  readonly enter: (id: string) => () => void
}

interface MutableEntry extends Entry {
  readonly scope: Scope.Closeable
  readonly making: Fiber.Fiber<Deployment, Failure>
  deployment: Deployment | undefined
  lastUsed: number
  users: number
  isDropped: boolean
}

type Open = (id: string, budgetOf: BudgetOf) => Effect.Effect<Deployment, Failure, Scope.Scope>

export const make = Effect.fnUntraced(function* (
  open: Open,
): Effect.fn.Return<DeploymentEntries, never, ChangeFeed | Scope.Scope> {
  const changes = yield* ChangeFeed
  const clock = yield* Clock.Clock
  const layerScope = yield* Effect.scope
  const run = yield* FiberSet.makeRuntime()
  const entries = new Map<string, MutableEntry>()

  /** Retries are shared by the models of one connector. */
  const budgetOf: BudgetOf = (connectorId) => {
    if (connectorId === undefined) return RetryBudget.make()
    for (const { deployment } of entries.values())
      for (const target of deployment?.targets ?? []) if (target.connectorId === connectorId) return target.live.budget
    return RetryBudget.make()
  }

  const drop = (id: string, entry: MutableEntry) => {
    entries.delete(id)
    entry.isDropped = true
    closeUnused(entry)
  }

  // No call waits for the closing; the end of the layer does.
  const closeUnused = ({ scope, users, isDropped }: MutableEntry) => {
    if (isDropped && users === 0) run(Effect.uninterruptible(Scope.close(scope, Exit.void)))
  }

  yield* changes.subscribe((written) => {
    for (const [id, entry] of entries) if (written.some((change) => concerns(change, id, entry))) drop(id, entry)
  })

  const makeEntry = Effect.fnUntraced(function* (named: string): Effect.fn.Return<Deployment, Failure> {
    // Cut from a request's URL, it would keep all of that alive as long as the model is deployed.
    const id = ownCopy(named)
    const scope = yield* Scope.fork(layerScope)
    const making = yield* Effect.forkIn(Scope.provide(open(id, budgetOf), scope), layerScope)
    const lastUsed = clock.currentTimeMillisUnsafe()
    const entry: MutableEntry = { scope, making, deployment: undefined, lastUsed, users: 0, isDropped: false }
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
      if (entry === undefined) return makeEntry(id)
      entry.lastUsed = clock.currentTimeMillisUnsafe()
      return entry.deployment === undefined ? Fiber.join(entry.making) : Effect.succeed(entry.deployment)
    })

  return {
    get: (id) => entries.get(id),
    all: () => entries,
    join,
    enter: (id) => {
      const entry = entries.get(id)
      if (entry === undefined) return () => {}
      entry.lastUsed = clock.currentTimeMillisUnsafe()
      entry.users++
      return () => {
        entry.users--
        closeUnused(entry)
      }
    },
  }
})

const concerns = ({ collection, id }: RecordChange, modelId: string, { deployment }: Entry): boolean => {
  if (collection === "model") return id === modelId
  // Which connector and group a deployment in the making will have is not known yet.
  if (collection === "model-group") return deployment === undefined || deployment.model.model_group_id === id
  return collection === "connector" && (deployment === undefined || uses(deployment.model, id))
}

const uses = ({ connector_id, routing }: Deployment["model"], id: string): boolean =>
  connector_id === id ||
  (routing !== undefined && ModelRouting.targetsOf(routing).some((target) => target.connector_id === id))
