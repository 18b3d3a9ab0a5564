/** `/_plugins/_ml/controllers`: how often each user may call a model. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { maybe, Source } from "./Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import { WriteResult } from "./WriteResult.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const path = `${basePath}/controllers/:model_id` as const
const shared = { disableCodecs: true, error: failures, params: { model_id: Schema.String } } as const

/** `{"user_rate_limiter": {"alice": {"limit": 4, "unit": "MINUTES"}}}` */
const ControllerDocument = Schema.Struct({ user_rate_limiter: maybe(Source) })

export class ControllersApi extends HttpApiGroup.make("controllers")
  .add(
    HttpApiEndpoint.post("create", path, {
      ...shared,
      payload: ControllerDocument,
      success: Schema.Struct({ model_id: Schema.String, status: Schema.Literals(["CREATED", "UPDATED"]) }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Create model controller request has empty body"),
  )
  .add(
    HttpApiEndpoint.put("update", path, { ...shared, payload: ControllerDocument, success: WriteResult })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Update model controller request has empty body"),
  )
  .add(HttpApiEndpoint.get("get", path, { ...shared, success: Source }).annotateMerge(EndpointPolicy.read))
  .add(
    HttpApiEndpoint.delete("delete", path, { ...shared, success: WriteResult }).annotateMerge(EndpointPolicy.write),
  ) {}
