/** Every group of the API with its handlers: a group without any does not compile. */
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Models } from "@drawbar/registry/models/Models"
import { Effect } from "effect"
import * as AliasesHandlers from "../records/AliasesHandlers.ts"
import * as BackupHandlers from "../operations/BackupHandlers.ts"
import * as BlueprintsHandlers from "../records/BlueprintsHandlers.ts"
import * as ClusterHandlers from "../operations/ClusterHandlers.ts"
import * as ConnectorsHandlers from "../records/ConnectorsHandlers.ts"
import * as ControllersHandlers from "../records/ControllersHandlers.ts"
import * as AliasPaths from "./AliasPaths.ts"
import type { DrawbarApi } from "./DrawbarApi.ts"
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import * as HealthHandlers from "../operations/HealthHandlers.ts"
import * as KeysHandlers from "../operations/KeysHandlers.ts"
import * as ModelGroupsHandlers from "../records/ModelGroupsHandlers.ts"
import * as ModelsHandlers from "../records/ModelsHandlers.ts"
import * as PredictionsHandlers from "../predictions/PredictionsHandlers.ts"
import * as PrincipalsHandlers from "../operations/PrincipalsHandlers.ts"
import * as ReferenceHandlers from "../reference/ReferenceHandlers.ts"
import * as ReplicasHandlers from "../operations/ReplicasHandlers.ts"
import * as StatsHandlers from "../operations/StatsHandlers.ts"
import * as UsageHandlers from "../operations/UsageHandlers.ts"
import * as TasksHandlers from "../records/TasksHandlers.ts"
import * as VersionsHandlers from "../records/VersionsHandlers.ts"
import type { Telemetry } from "@drawbar/http-server/telemetry/Telemetry"

export interface Options {
  /** Drawbar's own. */
  readonly version: string
  readonly telemetry: Telemetry
  /** Whether the server was told to stop. */
  readonly isStopping: () => boolean
  readonly isWarmingUp: () => boolean
  /** Host and port, once the server listens on one address. */
  readonly address: () => string | undefined
  /** How many predicts load shedding has refused since the start. */
  readonly breakerTrips: () => number
  /** The OpenAPI document. */
  readonly document: () => JsonObject
}

export const make = Effect.fnUntraced(function* ({
  version,
  telemetry,
  isStopping,
  isWarmingUp,
  address,
  breakerTrips,
  document,
}: Options) {
  const groups: Record<keyof typeof DrawbarApi.groups, ReadonlyArray<Endpoint>> = {
    cluster: yield* ClusterHandlers.make({ version, address, document }),
    blueprints: yield* BlueprintsHandlers.make,
    connectors: yield* ConnectorsHandlers.make(version),
    models: yield* ModelsHandlers.make,
    predictions: yield* PredictionsHandlers.make,
    aliases: yield* AliasesHandlers.make,
    versions: yield* VersionsHandlers.make,
    modelGroups: yield* ModelGroupsHandlers.make,
    controllers: yield* ControllersHandlers.make,
    principals: yield* PrincipalsHandlers.make,
    health: HealthHandlers.make(telemetry, yield* DocumentStore, yield* Models, { isStopping, isWarmingUp }),
    keys: yield* KeysHandlers.make,
    tasks: yield* TasksHandlers.make,
    backup: yield* BackupHandlers.make,
    usage: yield* UsageHandlers.make,
    stats: yield* StatsHandlers.make({ breakerTrips }),
    reference: ReferenceHandlers.make(document),
    replicas: yield* ReplicasHandlers.make({ version, address }),
  }
  return Object.values(groups)
    .flat()
    .map(yield* AliasPaths.make)
})

/** What the handlers stand on. */
export type Services = Effect.Services<ReturnType<typeof make>>
