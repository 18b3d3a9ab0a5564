/** The whole API as a value: servers answer by it, clients and `/openapi.json` are made from it. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { BlueprintsApi } from "./BlueprintsApi.ts"
import { ClusterApi } from "./ClusterApi.ts"
import { ConnectorsApi } from "./ConnectorsApi.ts"
import { ControllersApi } from "./ControllersApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { KeysApi } from "./KeysApi.ts"
import { ModelGroupsApi } from "./ModelGroupsApi.ts"
import { ModelsApi } from "./ModelsApi.ts"
import { PredictionsApi } from "./PredictionsApi.ts"
import { PrincipalsApi } from "./PrincipalsApi.ts"
import { StatsApi } from "./StatsApi.ts"
import { TasksApi } from "./TasksApi.ts"

export class DrawbarApi extends HttpApi.make("drawbar")
  .add(ClusterApi)
  .add(BlueprintsApi)
  .add(ConnectorsApi)
  .add(ModelsApi)
  .add(PredictionsApi)
  .add(ModelGroupsApi)
  .add(ControllersApi)
  .add(TasksApi)
  .add(KeysApi)
  .add(PrincipalsApi)
  .add(HealthApi)
  .add(StatsApi)
  .annotate(OpenApi.Title, "Drawbar")
  .annotate(OpenApi.Version, "0.1.0") {}
