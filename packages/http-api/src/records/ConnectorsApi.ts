/** `/_plugins/_ml/connectors`: which platforms can be called, and how. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { Source } from "./Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as SearchApi from "./SearchApi.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import { WriteResult } from "./WriteResult.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const base = `${basePath}/connectors` as const
const params = { connector_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

/** Something that lint has to say; docs/lint.md explains the codes. `pointer` is a JSON pointer into the body. */
export const Finding = Schema.Struct({
  code: Schema.String,
  severity: Schema.Literals(["error", "warning", "info"]),
  pointer: Schema.String,
  message: Schema.String,
  /** In the text of the body; both count from 1. */
  line: Schema.optionalKey(Schema.Number),
  column: Schema.optionalKey(Schema.Number),
})

export class ConnectorsApi extends HttpApiGroup.make("connectors")
  .add(
    HttpApiEndpoint.post("create", `${base}/_create`, {
      ...shared,
      payload: Blueprint.Document,
      success: Schema.Struct({ connector_id: Schema.String }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Create Connector request has empty body"),
  )
  .add(
    HttpApiEndpoint.post("validate", `${base}/_validate`, {
      ...shared,
      payload: Source,
      /** `valid`: no finding is an error, so that `_create` takes the same body. */
      success: Schema.Struct({ valid: Schema.Boolean, findings: Schema.Array(Finding) }),
    })
      .annotateMerge(EndpointPolicy.read)
      .annotate(RequestBody.AsText, true)
      .annotate(RequestBody.Required, "Send the connector that is to be looked at"),
  )
  .add(
    HttpApiEndpoint.get("get", `${base}/:connector_id`, {
      ...shared,
      params,
      /** `drawbar`: with what Drawbar knows beyond the documented fields. */
      query: { return_content: Flag, drawbar: Flag },
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.put("update", `${base}/:connector_id`, {
      ...shared,
      params,
      query: IfSeqNo.query,
      payload: Blueprint.Document,
      success: WriteResult,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "Failed to update connector: Request body is empty"),
  )
  .add(
    HttpApiEndpoint.delete("delete", `${base}/:connector_id`, {
      ...shared,
      params,
      success: WriteResult,
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(...SearchApi.endpoints(base)) {}
