/** What a client of OpenSearch asks of any server: who are you, and how are you set. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { maybe, Source } from "../records/Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"

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
    /** Drawbar's own version, where `?drawbar=true` asks for it. */
    drawbar: Schema.optionalKey(Schema.String),
  }),
  tagline: Schema.String,
})

/** Every condition is met at once: there is one node, and there are no shards to wait for. */
const healthQuery = {
  level: Schema.optionalKey(Schema.String),
  local: Flag,
  wait_for_status: Schema.optionalKey(Schema.String),
  wait_for_nodes: Schema.optionalKey(Schema.String),
  wait_for_active_shards: Schema.optionalKey(Schema.String),
  wait_for_events: Schema.optionalKey(Schema.String),
  wait_for_no_relocating_shards: Flag,
  wait_for_no_initializing_shards: Flag,
  expand_wildcards: Schema.optionalKey(Schema.String),
  ...timeouts,
}

const nodesQuery = { flat_settings: Flag, ...timeouts }

const Health = Schema.Struct({
  cluster_name: Schema.String,
  status: Schema.Literals(["green", "yellow", "red"]),
  timed_out: Schema.Boolean,
  number_of_nodes: Schema.Number,
  number_of_data_nodes: Schema.Number,
  discovered_master: Schema.Boolean,
  discovered_cluster_manager: Schema.Boolean,
  active_primary_shards: Schema.Number,
  active_shards: Schema.Number,
  relocating_shards: Schema.Number,
  initializing_shards: Schema.Number,
  unassigned_shards: Schema.Number,
  delayed_unassigned_shards: Schema.Number,
  number_of_pending_tasks: Schema.Number,
  number_of_in_flight_fetch: Schema.Number,
  task_max_waiting_in_queue_millis: Schema.Number,
  active_shards_percent_as_number: Schema.Number,
})

export class ClusterApi extends HttpApiGroup.make("cluster")
  .add(
    HttpApiEndpoint.get("about", "/", { ...shared, query: { drawbar: Flag }, success: About }).annotateMerge(
      EndpointPolicy.open,
    ),
  )
  .add(HttpApiEndpoint.head("ping", "/", { ...shared }).annotateMerge(EndpointPolicy.open))
  .add(
    HttpApiEndpoint.get("health", "/_cluster/health", { ...shared, query: healthQuery, success: Health }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("healthOf", "/_cluster/health/:index", {
      ...shared,
      params: { index: Schema.String },
      query: healthQuery,
      success: Health,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("nodes", "/_nodes", { ...shared, query: nodesQuery, success: Source }).annotateMerge(
      EndpointPolicy.read,
    ),
  )
  .add(
    HttpApiEndpoint.get("nodesOf", "/_nodes/:node_id", {
      ...shared,
      params: { node_id: Schema.String },
      query: nodesQuery,
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("nodesInfo", "/_nodes/:node_id/:metric", {
      ...shared,
      params: { node_id: Schema.String, metric: Schema.String },
      query: nodesQuery,
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("plugins", "/_cat/plugins", {
      ...shared,
      query: {
        format: Schema.optionalKey(Schema.String),
        v: Flag,
        h: Schema.optionalKey(Schema.String),
        s: Schema.optionalKey(Schema.String),
        local: Flag,
        ...timeouts,
      },
      success: Schema.Array(Source),
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("openapi", "/openapi.json", { ...shared, success: Source }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("getSettings", "/_cluster/settings", {
      ...shared,
      query: { include_defaults: Flag, flat_settings: Flag, local: Flag, ...timeouts },
      success: Source,
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.put("putSettings", "/_cluster/settings", {
      ...shared,
      query: { flat_settings: Flag, ...timeouts },
      payload: Source,
      success: Source,
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, "request body is required"),
  )
  .add(
    HttpApiEndpoint.post("editTrustedHosts", "/_plugins/_drawbar/trusted_hosts/_update", {
      ...shared,
      payload: Schema.Struct({ add: maybe(Schema.Array(Schema.String)), remove: maybe(Schema.Array(Schema.String)) }),
      success: Schema.Struct({ trusted_hosts: Schema.Array(Schema.String) }),
    })
      .annotateMerge(EndpointPolicy.operate)
      .annotate(RequestBody.Required, "request body is required"),
  ) {}
