/** `/_plugins/_ml/models`: what can be asked, and asking it. */
import { ModelDocument } from "@drawbar/registry/models/ModelDocument"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { maybe, Source } from "./Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as SearchApi from "./SearchApi.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import { WriteResult } from "./WriteResult.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const base = `${basePath}/models` as const
const params = { model_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

export const UndeployAnswer = Schema.Record(
  Schema.String,
  Schema.Struct({ stats: Schema.Record(Schema.String, Schema.Literals(["undeployed", "not_found"])) }),
)

const UndeployBody = Schema.Struct({
  model_ids: maybe(Schema.Array(Schema.String)),
  node_ids: maybe(Schema.Array(Schema.String)),
})

export class ModelsApi extends HttpApiGroup.make("models")
  .add(
    HttpApiEndpoint.post("register", `${base}/_register`, {
      ...shared,
      query: { deploy: Flag },
      payload: ModelDocument,
      success: Schema.Struct({
        task_id: Schema.String,
        status: Schema.Literal("CREATED"),
        model_id: Schema.String,
      }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.get("get", `${base}/:model_id`, {
      ...shared,
      params,
      /** `drawbar`: with what Drawbar knows beyond the documented fields. */
      query: { return_content: Flag, drawbar: Flag },
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.put("update", `${base}/:model_id`, {
      ...shared,
      params,
      query: IfSeqNo.query,
      payload: ModelDocument,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Update model request has empty body"),
  )
  .add(
    HttpApiEndpoint.delete("delete", `${base}/:model_id`, { ...shared, params, success: WriteResult }).annotateMerge(
      EndpointPolicy.write,
    ),
  )
  .add(...SearchApi.endpoints(base))
  .add(
    HttpApiEndpoint.post("deploy", `${base}/:model_id/_deploy`, {
      ...shared,
      params,
      payload: Schema.Struct({ node_ids: maybe(Schema.Array(Schema.String)) }),
      success: Schema.Struct({
        task_id: Schema.String,
        task_type: Schema.Literal("DEPLOY_MODEL"),
        status: Schema.Literal("COMPLETED"),
      }),
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(
    HttpApiEndpoint.post("undeploy", `${base}/:model_id/_undeploy`, {
      ...shared,
      params,
      payload: UndeployBody,
      success: UndeployAnswer,
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(
    HttpApiEndpoint.post("undeployAll", `${base}/_undeploy`, {
      ...shared,
      payload: UndeployBody,
      success: UndeployAnswer,
    }).annotateMerge(EndpointPolicy.write),
  ) {}
