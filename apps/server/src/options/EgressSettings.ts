/** The egress policy from the cluster settings, which is rebuilt only when one of them changes. */
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as PublicHosts from "@drawbar/registry/settings/PublicHosts"
import { Settings } from "@drawbar/registry/settings/Settings"
import type { Name } from "@drawbar/registry/settings/SettingTable"
import { Effect, Layer, Result } from "effect"

const names = {
  trustedEndpoints: "plugins.ml_commons.trusted_connector_endpoints_regex",
  trustedHosts: "plugins.drawbar.trusted_hosts",
  privateAddresses: "plugins.ml_commons.connector.private_ip_enabled",
  trustedPrivateEndpoints: "plugins.ml_commons.trusted_connector_private_endpoints_regex",
  restrictedAddresses: "plugins.ml_commons.connector.restricted_ip_patterns",
} as const satisfies Record<string, Name>

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const settings = yield* Settings
    const publicHosts = yield* PublicHosts.make
    const read = () =>
      EgressPolicy.make({
        trustedEndpoints: settings.get(names.trustedEndpoints),
        trustedHosts: settings.get(names.trustedHosts),
        publicHosts,
        privateAddresses: settings.get(names.privateAddresses),
        trustedPrivateEndpoints: settings.get(names.trustedPrivateEndpoints),
        restrictedAddresses: settings.get(names.restrictedAddresses),
      })
    let policy = yield* Effect.fromResult(read())
    yield* settings.subscribe((changed) => {
      if (!Object.values(names).some((name) => changed.has(name))) return
      policy = Result.getOrElse(read(), () => nothing)
    })
    return EgressPolicy.EgressPolicy.layerLive(() => policy)
  }),
)

// An invalid list allows nothing.
const nothing = Result.getOrThrow(EgressPolicy.make({ trustedEndpoints: [] }))
