/** `/_plugins/_ml/stats` and `/profile`: what was counted since the start, and what is live. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { Source } from "../records/Field.ts"

const base = "/_plugins/_ml"
const shared = { disableCodecs: true, error: failures, success: Source } as const
/** `view`: by `model`, or by node. `drawbar`: with the state of each pool of connections. */
const query = { view: Schema.optionalKey(Schema.String), drawbar: Flag }

export class StatsApi extends HttpApiGroup.make("stats")
  .add(HttpApiEndpoint.get("stats", `${base}/stats`, shared))
  .add(HttpApiEndpoint.get("stat", `${base}/stats/:stat`, { ...shared, params: { stat: Schema.String } }))
  .add(HttpApiEndpoint.get("nodeStats", `${base}/:node_id/stats`, { ...shared, params: { node_id: Schema.String } }))
  .add(
    HttpApiEndpoint.get("nodeStat", `${base}/:node_id/stats/:stat`, {
      ...shared,
      params: { node_id: Schema.String, stat: Schema.String },
    }),
  )
  .add(HttpApiEndpoint.get("profile", `${base}/profile`, { ...shared, query }))
  .add(HttpApiEndpoint.get("profileModels", `${base}/profile/models`, { ...shared, query }))
  .add(
    HttpApiEndpoint.get("profileModel", `${base}/profile/models/:model_id`, {
      ...shared,
      query,
      params: { model_id: Schema.String },
    }),
  )
  .add(HttpApiEndpoint.get("profileTasks", `${base}/profile/tasks`, { ...shared, query }))
  .add(
    HttpApiEndpoint.get("profileTask", `${base}/profile/tasks/:task_id`, {
      ...shared,
      query,
      params: { task_id: Schema.String },
    }),
  ) {}
