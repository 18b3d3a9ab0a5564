/** The whole API as a value: servers answer by it, clients and `/openapi.json` are made from it. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { AliasesApi } from "../records/AliasesApi.ts"
import { BackupApi } from "../operations/BackupApi.ts"
import { BlueprintsApi } from "../records/BlueprintsApi.ts"
import { ClusterApi } from "../operations/ClusterApi.ts"
import { ConnectorsApi } from "../records/ConnectorsApi.ts"
import { ControllersApi } from "../records/ControllersApi.ts"
import { HealthApi } from "../operations/HealthApi.ts"
import { KeysApi } from "../operations/KeysApi.ts"
import { ModelGroupsApi } from "../records/ModelGroupsApi.ts"
import { ModelsApi } from "../records/ModelsApi.ts"
import { PredictionsApi } from "../predictions/PredictionsApi.ts"
import { PrincipalsApi } from "../operations/PrincipalsApi.ts"
import { ReplicasApi } from "../operations/ReplicasApi.ts"
import { StatsApi } from "../operations/StatsApi.ts"
import { VersionsApi } from "../records/VersionsApi.ts"
import { ReferenceApi } from "../reference/ReferenceApi.ts"
import { UsageApi } from "../operations/UsageApi.ts"
import { version } from "./Version.ts"
import { TasksApi } from "../records/TasksApi.ts"

export class DrawbarApi extends HttpApi.make("drawbar")
  .add(ClusterApi)
  .add(BlueprintsApi)
  .add(ConnectorsApi)
  .add(ModelsApi)
  .add(PredictionsApi)
  .add(AliasesApi)
  .add(VersionsApi)
  .add(ModelGroupsApi)
  .add(ControllersApi)
  .add(TasksApi)
  .add(KeysApi)
  .add(PrincipalsApi)
  .add(HealthApi)
  .add(StatsApi)
  .add(BackupApi)
  .add(ReferenceApi)
  .add(ReplicasApi)
  .add(UsageApi)
  .annotate(OpenApi.Title, "Drawbar")
  .annotate(OpenApi.Version, version) {}
