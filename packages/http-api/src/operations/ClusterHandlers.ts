import * as TrustedEndpoints from "@drawbar/egress/TrustedEndpoints"
import * as TrustedHosts from "@drawbar/egress/TrustedHosts"
import type { JsonObject } from "@drawbar/json-text/Json"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { NodeId } from "@drawbar/registry/records/NodeId"
import { Settings, withoutEffect } from "@drawbar/registry/settings/Settings"
import { Effect, Result } from "effect"
import { JsonText, WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import { ClusterApi } from "./ClusterApi.ts"
import * as ClusterState from "./ClusterState.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import * as WarningHeader from "../routes/WarningHeader.ts"

export interface Options {
  /** Drawbar's own. */
  readonly version: string
  /** Host and port, once the server listens on one address. */
  readonly address: () => string | undefined
  /** The OpenAPI document. */
  readonly document: () => JsonObject
}

export const make = ({ version, address, document }: Options) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const nodeId = yield* NodeId
    const store = yield* DocumentStore
    const about = ClusterState.about(nodeId)
    const health = () =>
      Effect.map(Effect.result(store.writable), (written) => ClusterState.health(Result.isSuccess(written)))
    const nodes = () => Effect.sync(() => ClusterState.nodes(nodeId, address()))
    return Endpoint.serve(OpenSearchError.face, ClusterApi, {
      about: ({ query }) =>
        Effect.succeed(
          query.drawbar === "true" ? { ...about, version: { ...about.version, drawbar: version } } : about,
        ),
      // The type and the length of what GET returns; Node leaves the body out.
      ping: () => Effect.succeed(new JsonText(JSON.stringify(about))),
      health,
      healthOf: health,
      nodes,
      nodesOf: nodes,
      nodesInfo: nodes,
      plugins: ({ query }) => Effect.succeed(ClusterState.plugins(query)),
      openapi: () => Effect.sync(document),
      getSettings: ({ query }) => Effect.sync(() => settings.show(renderingOf(query))),
      putSettings: Effect.fnUntraced(function* ({ json, query }) {
        const answer = yield* settings.update(json, renderingOf(query))
        const ignored = withoutEffect(json)
        return new WithHeaders(
          answer,
          WarningHeader.of(version, [
            ...(ignored.length === 0 ? [] : [`kept without effect in Drawbar: ${ignored.join(", ")}`]),
            ...TrustedEndpoints.warnings(settings.get("plugins.ml_commons.trusted_connector_endpoints_regex")),
          ]),
        )
      }),
      editTrustedHosts: ({ payload: { add, remove } }) => {
        const removed = new Set((remove ?? []).map(originOf))
        const edit = settings.editTrustedHosts((hosts) =>
          [...hosts, ...(add ?? []).map(originOf)].filter((host) => !removed.has(host)),
        )
        return Effect.map(edit, (trusted_hosts) => ({ trusted_hosts }))
      },
    })
  })

/** An entry as the list has it; what is wrong with it is said where the list is checked. */
const originOf = (entry: string): string => Result.getOrElse(TrustedHosts.parse(entry), () => entry)

const renderingOf = (query: { readonly flat_settings?: string; readonly include_defaults?: string }) => ({
  flat_settings: query.flat_settings === "true",
  include_defaults: query.include_defaults === "true",
})
