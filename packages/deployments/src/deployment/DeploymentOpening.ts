/** Makes a deployment: reads the records of a model, compiles its connector, and opens its connections. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { names } from "@drawbar/blueprint-schema/Credential"
import * as Call from "@drawbar/connector-runtime/call/Call"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import type { DocumentBatches } from "@drawbar/connector-runtime/processors/DocumentBatches"
import { NotFound, StoreError } from "@drawbar/document-store/StoreError"
import type * as RetryBudget from "@drawbar/egress/RetryBudget"
import * as AccessControl from "@drawbar/registry/access/AccessControl"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Controllers } from "@drawbar/registry/models/Controllers"
import type { Model } from "@drawbar/registry/models/Model"
import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { type Found, Models } from "@drawbar/registry/models/Models"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Effect, Option, type Scope } from "effect"
import type { Deployment, Target } from "./Deployment.ts"
import type { Failure } from "./DeploymentFailure.ts"
import * as InterfaceCheck from "../predict/InterfaceCheck.ts"
import * as ModelGuards from "../predict/ModelGuards.ts"
import * as SecretReferences from "../connectors/SecretReferences.ts"
import * as RouteOpening from "../routing/RouteOpening.ts"
import * as TokenEstimate from "../predict/TokenEstimate.ts"

/** What the models of one connector share of their retries. */
export type BudgetOf = (connectorId: string | undefined) => RetryBudget.RetryBudget

export const make = Effect.gen(function* () {
  const models = yield* Models
  const groups = yield* ModelGroups
  const connectors = yield* Connectors
  const controllers = yield* Controllers
  const runtime = yield* ConnectorRuntime

  const blueprintOf = Effect.fnUntraced(function* (found: Found) {
    const inline = yield* models.blueprint(found)
    if (Option.isSome(inline)) return inline.value
    return (yield* connectors.blueprint(found.model.connector_id ?? "")).blueprint
  })

  const open = Effect.fnUntraced(function* (
    id: string,
    budgetOf: BudgetOf,
  ): Effect.fn.Return<Deployment, Failure, Scope.Scope> {
    const found = yield* Effect.catchReason(models.get(id), "StoreError", "NotFound", ({ collection }) =>
      Effect.fail(StoreError.from(new NotFound({ collection, id, message: "Failed to find model" }))),
    )
    const { model, document } = found
    const { connector_id, routing } = model
    const openBlueprint = Effect.fnUntraced(function* (blueprint: Blueprint, connectorId: string | undefined) {
      const { connector, credential } = yield* SecretReferences.resolve(blueprint)
      // What the model says of OpenAI's API outranks its connector, which other models may use too.
      const openai = { ...connector.openai, ...model.openai }
      const compiled = yield* Effect.fromResult(CompiledConnector.compile({ ...connector, openai }, names(credential)))
      return yield* runtime.open(compiled, credential, {
        budget: budgetOf(connectorId),
        ref: { connectorId, modelId: id },
      })
    })
    const live = yield* Effect.flatMap(blueprintOf(found), (blueprint) => openBlueprint(blueprint, connector_id))
    const group = yield* groups.get(model.model_group_id)
    const targets: [Target, ...Array<Target>] = [{ live, connectorId: connector_id }]
    const route =
      routing === undefined
        ? undefined
        : yield* RouteOpening.make(
            { id, connector_id, routing },
            live,
            (connectorId) =>
              // Also when a caller's request opens it.
              Effect.provideService(
                Effect.flatMap(connectors.blueprint(connectorId), ({ blueprint }) =>
                  openBlueprint(blueprint, connectorId),
                ),
                CurrentPrincipal,
                undefined,
              ),
            (connectorId, opened) => void targets.push({ live: opened, connectorId }),
          )
    return {
      id,
      version: document.version,
      model,
      targets,
      route,
      interface: InterfaceCheck.make(model.interface, (input) => Call.spoken(live.compiled, input)),
      guardrails: ModelGuards.make(model.guardrails),
      batches: batchesOf(model),
      userLimits: model.is_controller_enabled === true ? yield* controllers.limits(id) : {},
      access: AccessControl.of(group.source),
      estimate: TokenEstimate.make(live.compiled.connector),
    }
  })

  // A deployment is the server's: the first caller that needs it makes it for all.
  return (id: string, budgetOf: BudgetOf) => Effect.provideService(open(id, budgetOf), CurrentPrincipal, undefined)
})

/** Nothing where no limit is on. */
const batchesOf = ({ batch_inference_config }: Model): DocumentBatches | undefined => {
  const { max_items_per_request = -1, max_bytes_per_request = -1 } = batch_inference_config ?? {}
  const [maxItems, maxBytes] = [max_items_per_request, max_bytes_per_request].map((limit) =>
    limit > 0 ? limit : undefined,
  )
  return maxItems === undefined && maxBytes === undefined ? undefined : { maxItems, maxBytes }
}
