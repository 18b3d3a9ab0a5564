/** `/_plugins/_ml/tasks`: what was asked for and how far it is. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { Source } from "./Field.ts"
import * as SearchApi from "./SearchApi.ts"
import { WriteResult } from "./WriteResult.ts"

const base = "/_plugins/_ml/tasks"
const params = { task_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

const Cancelled = Schema.Struct({ status: Schema.Literal("OK") })

export class TasksApi extends HttpApiGroup.make("tasks")
  .add(HttpApiEndpoint.get("get", `${base}/:task_id`, { ...shared, params, query: { drawbar: Flag }, success: Source }))
  .add(HttpApiEndpoint.delete("delete", `${base}/:task_id`, { ...shared, params, success: WriteResult }))
  .add(HttpApiEndpoint.post("cancel", `${base}/:task_id/_cancel`, { ...shared, params, success: Cancelled }))
  .add(HttpApiEndpoint.post("cancelBatch", `${base}/:task_id/_cancel_batch`, { ...shared, params, success: Cancelled }))
  .add(...SearchApi.endpoints(base)) {}
