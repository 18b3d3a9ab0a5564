/** `/_plugins/_drawbar/aliases`: names for models, which can be switched from one model to another at once. */
import { AliasDocument, Target } from "@drawbar/registry/aliases/Alias"
import * as NumberField from "@drawbar/registry/records/NumberField"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { drawbarPath } from "../routes/BasePath.ts"

const base = `${drawbarPath}/aliases` as const
const shared = { disableCodecs: true, error: failures } as const
const params = { name: Schema.String }

const fields = {
  name: Schema.String,
  /** Absent where there are several targets. */
  model_id: Schema.optionalKey(Schema.String),
  targets: Schema.Array(Target),
  created_time: NumberField.Time,
  last_updated_time: NumberField.Time,
}
const Shown = Schema.Struct(fields)

export class AliasesApi extends HttpApiGroup.make("aliases")
  .add(
    HttpApiEndpoint.put("set", `${base}/:name`, {
      ...shared,
      params,
      payload: AliasDocument,
      success: Schema.Struct({ ...fields, result: Schema.Literals(["created", "updated"]) }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, 'Send the model of the alias: {"model_id": "…"}'),
  )
  .add(
    HttpApiEndpoint.get("get", `${base}/:name`, { ...shared, params, success: Shown }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("list", base, {
      ...shared,
      success: Schema.Struct({ aliases: Schema.Array(Shown) }),
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.delete("delete", `${base}/:name`, {
      ...shared,
      params,
      success: Schema.Struct({ name: Schema.String, result: Schema.Literal("deleted") }),
    }).annotateMerge(EndpointPolicy.write),
  ) {}
