/** `/_plugins/_ml/stats` and `/profile`: what was counted since the start, and what is live. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { Source } from "../records/Field.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const shared = { disableCodecs: true, error: failures, success: Source } as const
/** `view`: by `model`, or by node. `drawbar`: with the state of each pool of connections. */
const query = { view: Schema.optionalKey(Schema.String), drawbar: Flag }

export class StatsApi extends HttpApiGroup.make("stats")
  .add(HttpApiEndpoint.get("stats", `${basePath}/stats`, shared).annotateMerge(EndpointPolicy.read))
  .add(
    HttpApiEndpoint.get("stat", `${basePath}/stats/:stat`, {
      ...shared,
      params: { stat: Schema.String },
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("nodeStats", `${basePath}/:node_id/stats`, {
      ...shared,
      params: { node_id: Schema.String },
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("nodeStat", `${basePath}/:node_id/stats/:stat`, {
      ...shared,
      params: { node_id: Schema.String, stat: Schema.String },
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(HttpApiEndpoint.get("profile", `${basePath}/profile`, { ...shared, query }).annotateMerge(EndpointPolicy.read))
  .add(
    HttpApiEndpoint.get("profileModels", `${basePath}/profile/models`, { ...shared, query }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("profileModel", `${basePath}/profile/models/:model_id`, {
      ...shared,
      query,
      params: { model_id: Schema.String },
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("profileTasks", `${basePath}/profile/tasks`, { ...shared, query }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("profileTask", `${basePath}/profile/tasks/:task_id`, {
      ...shared,
      query,
      params: { task_id: Schema.String },
    }).annotateMerge(EndpointPolicy.read),
  ) {}
