/** Every group of the API with its handlers: a group without any does not compile. */
import { DocumentStore } from "@drawbar/registry/DocumentStore"
import { Effect } from "effect"
import * as BlueprintsHandlers from "./BlueprintsHandlers.ts"
import * as ClusterHandlers from "./ClusterHandlers.ts"
import * as ConnectorsHandlers from "./ConnectorsHandlers.ts"
import * as ControllersHandlers from "./ControllersHandlers.ts"
import type { DrawbarApi } from "./DrawbarApi.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as HealthHandlers from "./HealthHandlers.ts"
import * as KeysHandlers from "./KeysHandlers.ts"
import * as ModelGroupsHandlers from "./ModelGroupsHandlers.ts"
import * as ModelsHandlers from "./ModelsHandlers.ts"
import * as PredictionsHandlers from "./PredictionsHandlers.ts"
import * as PrincipalsHandlers from "./PrincipalsHandlers.ts"
import * as StatsHandlers from "./StatsHandlers.ts"
import * as TasksHandlers from "./TasksHandlers.ts"
import type { Telemetry } from "./Telemetry.ts"

export interface Options {
  /** Drawbar's own. */
  readonly version: string
  readonly telemetry: Telemetry
  /** Whether the server was told to stop. */
  readonly isStopping: () => boolean
}

export const make = Effect.fnUntraced(function* ({ version, telemetry, isStopping }: Options) {
  const groups: Record<keyof typeof DrawbarApi.groups, ReadonlyArray<Endpoint>> = {
    cluster: yield* ClusterHandlers.make(version),
    blueprints: yield* BlueprintsHandlers.make,
    connectors: yield* ConnectorsHandlers.make,
    models: yield* ModelsHandlers.make,
    predictions: yield* PredictionsHandlers.make,
    modelGroups: yield* ModelGroupsHandlers.make,
    controllers: yield* ControllersHandlers.make,
    principals: yield* PrincipalsHandlers.make,
    health: HealthHandlers.make(telemetry, yield* DocumentStore, isStopping),
    keys: yield* KeysHandlers.make,
    tasks: yield* TasksHandlers.make,
    stats: yield* StatsHandlers.make,
  }
  return Object.values(groups).flat()
})

/** What the handlers stand on. */
export type Services = Effect.Services<ReturnType<typeof make>>
