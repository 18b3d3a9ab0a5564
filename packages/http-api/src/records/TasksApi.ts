/** `/_plugins/_ml/tasks`: what was asked for and how far it is. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { Source } from "./Field.ts"
import * as SearchApi from "./SearchApi.ts"
import { WriteResult } from "./WriteResult.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const base = `${basePath}/tasks` as const
const params = { task_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

const Cancelled = Schema.Struct({ status: Schema.Literal("OK") })

export class TasksApi extends HttpApiGroup.make("tasks")
  .add(
    HttpApiEndpoint.get("get", `${base}/:task_id`, {
      ...shared,
      params,
      query: { drawbar: Flag },
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.delete("delete", `${base}/:task_id`, { ...shared, params, success: WriteResult }).annotateMerge(
      EndpointPolicy.write,
    ),
  )
  .add(
    HttpApiEndpoint.post("cancel", `${base}/:task_id/_cancel`, { ...shared, params, success: Cancelled }).annotateMerge(
      EndpointPolicy.write,
    ),
  )
  .add(
    HttpApiEndpoint.post("cancelBatch", `${base}/:task_id/_cancel_batch`, {
      ...shared,
      params,
      success: Cancelled,
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(...SearchApi.endpoints(base)) {}
