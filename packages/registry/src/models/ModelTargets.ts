/** What a routing names: it has to exist, to be open to who names it, and not to lead back to the model. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import type { Write } from "@drawbar/document-store/Document"
import { Effect } from "effect"
import { RegistryError, type RegistryFailure } from "../RegistryError.ts"
import type { ModelFinder } from "./ModelFinder.ts"
import type { ModelPlacement } from "./ModelPlacement.ts"
import { lifted } from "./ModelRecords.ts"
import * as ModelRouting from "./ModelRouting.ts"

export interface Routed {
  readonly id: string
  /** Absent where the connector is the model's own. */
  readonly connectorId: string | undefined
}

/** Models that are looked at for a way back, at most. */
const maxModels = 100

export const make = (
  { find, findFor }: Pick<ModelFinder, "find" | "findFor">,
  { reference }: Pick<ModelPlacement, "reference">,
) => {
  /** Of a model that may be gone by now. */
  const targetsOf = (id: string) =>
    find(id, notFound(id)).pipe(
      Effect.map(({ model }) => modelsOf(model.routing)),
      Effect.catchReason("StoreError", "NotFound", () => Effect.succeed([])),
    )

  const leadsNotTo = Effect.fnUntraced(function* (self: string, first: ReadonlyArray<string>) {
    const ways = first.map((id) => [id])
    const seen = new Set<string>()
    for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
      const id = way.at(-1) ?? ""
      if (id === self) return yield* refused(`The routing leads back to this model: ${[self, ...way].join(" → ")}`)
      if (seen.has(id)) continue
      seen.add(id)
      if (seen.size > maxModels)
        return yield* refused(`The routing leads to more than ${maxModels} models by way of its targets' own routings`)
      for (const next of yield* targetsOf(id)) ways.push([...way, next])
    }
  })

  /** The writes without which a connector could be deleted while a routing comes to name it. */
  return Effect.fnUntraced(function* (
    routing: ModelRouting.ModelRouting,
    { id, connectorId }: Routed,
  ): Effect.fn.Return<ReadonlyArray<Write>, RegistryFailure> {
    yield* lifted(ModelRouting.checkOwn(routing, connectorId))
    const models = modelsOf(routing)
    yield* leadsNotTo(id, models)
    for (const model of models) yield* findFor(model, notFound(model), noTarget(model))
    const connectors = ModelRouting.targetsOf(routing).flatMap(({ connector_id }) =>
      connector_id === undefined || connector_id === connectorId ? [] : [connector_id],
    )
    return yield* Effect.forEach(connectors, (connector) => reference(connector, noUse(connector)))
  })
}

export type ModelTargets = ReturnType<typeof make>

const modelsOf = (routing: ModelRouting.ModelRouting | undefined): ReadonlyArray<string> =>
  routing === undefined
    ? []
    : ModelRouting.targetsOf(routing).flatMap(({ model_id }) => (model_id === undefined ? [] : [model_id]))

const refused = (message: string) => Effect.fail(RegistryError.from(invalid("/routing", message).reason))

const notFound = (id: string) => `Failed to find the model that the routing names: ${id}`
const noTarget = (id: string) => `You don't have permission to use the model that the routing names, model id: ${id}`
const noUse = (id: string) =>
  `You don't have permission to use the connector that the routing names, connector id: ${id}`
