/** `/_plugins/_ml/model_groups`: models that are versions of each other. */
import { ModelGroupDocument } from "@drawbar/registry/models/ModelGroup"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Source } from "./Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as SearchApi from "./SearchApi.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import { WriteResult } from "./WriteResult.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const base = `${basePath}/model_groups` as const
const params = { model_group_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

export class ModelGroupsApi extends HttpApiGroup.make("modelGroups")
  .add(
    HttpApiEndpoint.post("register", `${base}/_register`, {
      ...shared,
      payload: ModelGroupDocument,
      success: Schema.Struct({ model_group_id: Schema.String, status: Schema.Literal("CREATED") }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Model group request has empty body"),
  )
  .add(
    HttpApiEndpoint.get("get", `${base}/:model_group_id`, { ...shared, params, success: Source }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.put("update", `${base}/:model_group_id`, {
      ...shared,
      params,
      query: IfSeqNo.query,
      payload: ModelGroupDocument,
      success: Schema.Struct({ status: Schema.Literal("Updated") }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Model group request has empty body"),
  )
  .add(
    HttpApiEndpoint.delete("delete", `${base}/:model_group_id`, {
      ...shared,
      params,
      success: WriteResult,
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(...SearchApi.endpoints(base)) {}
