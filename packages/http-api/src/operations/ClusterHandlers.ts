import * as TrustedEndpoints from "@drawbar/egress/TrustedEndpoints"
import { NodeId } from "@drawbar/registry/records/NodeId"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect } from "effect"
import * as OpenApi from "effect/http-api/OpenApi"
import { ClusterApi } from "./ClusterApi.ts"
import { DrawbarApi } from "../routes/DrawbarApi.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

/** `version` is Drawbar's own. */
export const make = (version: string) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const nodeId = yield* NodeId
    return Endpoint.serve(OpenSearchError.face, ClusterApi, {
      about: () => Effect.succeed(about(nodeId, version)),
      ping: () => Effect.void,
      openapi: () => Effect.sync(() => ({ ...OpenApi.fromApi(DrawbarApi) })),
      getSettings: ({ query }) => Effect.sync(() => settings.show(renderingOf(query))),
      putSettings: Effect.fnUntraced(function* ({ json, query }) {
        const answer = yield* settings.update(json, renderingOf(query))
        const warnings = TrustedEndpoints.warnings(settings.get("plugins.ml_commons.trusted_connector_endpoints_regex"))
        return warnings.length === 0 ? answer : { ...answer, warnings }
      }),
    })
  })

// The OpenSearch whose API is spoken; clients choose by it what they may ask.
const about = (nodeId: string, version: string) => ({
  name: "drawbar",
  cluster_name: "drawbar",
  cluster_uuid: nodeId,
  version: {
    distribution: "opensearch" as const,
    number: "3.3.0",
    build_type: "npm",
    build_hash: "unknown",
    build_date: "1970-01-01T00:00:00.000Z",
    build_snapshot: false,
    lucene_version: "10.3.1",
    minimum_wire_compatibility_version: "2.19.0",
    minimum_index_compatibility_version: "2.0.0",
    drawbar: version,
  },
  tagline: "Couples any application to any machine-learning platform",
})

const renderingOf = (query: { readonly flat_settings?: string; readonly include_defaults?: string }) => ({
  flat_settings: query.flat_settings === "true",
  include_defaults: query.include_defaults === "true",
})
