/** `/_plugins/_ml/connectors`: which platforms can be called, and how. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "./ErrorEnvelope.ts"
import { Flag, Source } from "./Field.ts"
import * as RequestBody from "./RequestBody.ts"
import * as SearchApi from "./SearchApi.ts"
import { WriteResult } from "./WriteResult.ts"

const base = "/_plugins/_ml/connectors"
const params = { connector_id: Schema.String }
const shared = { disableCodecs: true, error: failures } as const

export class ConnectorsApi extends HttpApiGroup.make("connectors")
  .add(
    HttpApiEndpoint.post("create", `${base}/_create`, {
      ...shared,
      payload: Blueprint.Document,
      success: Schema.Struct({ connector_id: Schema.String }),
    }).annotate(RequestBody.Required, "Create Connector request has empty body"),
  )
  .add(
    HttpApiEndpoint.get("get", `${base}/:connector_id`, {
      ...shared,
      params,
      query: { return_content: Flag },
      success: Source,
    }),
  )
  .add(
    HttpApiEndpoint.put("update", `${base}/:connector_id`, {
      ...shared,
      params,
      payload: Blueprint.Document,
      success: WriteResult,
    }).annotate(RequestBody.Required, "Failed to update connector: Request body is empty"),
  )
  .add(HttpApiEndpoint.delete("delete", `${base}/:connector_id`, { ...shared, params, success: WriteResult }))
  .add(...SearchApi.endpoints(base)) {}
