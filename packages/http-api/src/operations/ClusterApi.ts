/** What a client of OpenSearch asks of any server: who are you, and how are you set. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag, Source } from "../records/Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"

const shared = { disableCodecs: true, error: failures } as const
const timeouts = {
  timeout: Schema.optionalKey(Schema.String),
  cluster_manager_timeout: Schema.optionalKey(Schema.String),
  master_timeout: Schema.optionalKey(Schema.String),
}

export const About = Schema.Struct({
  name: Schema.String,
  cluster_name: Schema.String,
  cluster_uuid: Schema.String,
  version: Schema.Struct({
    distribution: Schema.Literal("opensearch"),
    /** The OpenSearch whose API is spoken. */
    number: Schema.String,
    build_type: Schema.String,
    build_hash: Schema.String,
    build_date: Schema.String,
    build_snapshot: Schema.Boolean,
    lucene_version: Schema.String,
    minimum_wire_compatibility_version: Schema.String,
    minimum_index_compatibility_version: Schema.String,
    /** Drawbar's own version. */
    drawbar: Schema.String,
  }),
  tagline: Schema.String,
})

export class ClusterApi extends HttpApiGroup.make("cluster")
  .add(HttpApiEndpoint.get("about", "/", { ...shared, success: About }))
  .add(HttpApiEndpoint.head("ping", "/", { ...shared }))
  .add(HttpApiEndpoint.get("openapi", "/openapi.json", { ...shared, success: Source }))
  .add(
    HttpApiEndpoint.get("getSettings", "/_cluster/settings", {
      ...shared,
      query: { include_defaults: Flag, flat_settings: Flag, local: Flag, ...timeouts },
      success: Source,
    }),
  )
  .add(
    HttpApiEndpoint.put("putSettings", "/_cluster/settings", {
      ...shared,
      query: { flat_settings: Flag, ...timeouts },
      payload: Source,
      success: Source,
    }).annotate(RequestBody.Required, "request body is required"),
  ) {}
