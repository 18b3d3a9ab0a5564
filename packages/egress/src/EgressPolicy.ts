/**
 * The operator's policy for outbound requests. Its values change while the server runs, so they are read for each use.
 */
import { Context, Layer, Result } from "effect"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { trustedEndpointDefaults } from "./TrustedEndpointDefaults.ts"
import * as TrustedEndpoints from "./TrustedEndpoints.ts"
import * as TrustedHosts from "./TrustedHosts.ts"

export interface Policy {
  /** `plugins.ml_commons.trusted_connector_endpoints_regex` */
  readonly trustedEndpoints: TrustedEndpoints.TrustedEndpoints
  /** `plugins.drawbar.trusted_hosts`, in addition to the list. */
  readonly trustedHosts: TrustedHosts.TrustedHosts
  /** `plugins.ml_commons.connector.private_ip_enabled` */
  readonly privateAddresses: boolean
  /** `plugins.ml_commons.trusted_connector_private_endpoints_regex`; an empty list allows every URL. */
  readonly trustedPrivateEndpoints: TrustedEndpoints.TrustedEndpoints
  /** `plugins.ml_commons.connector.restricted_ip_patterns` */
  readonly restrictedAddresses: ReadonlyArray<Pattern.Pattern>
}

/** `current` returns the same object until a setting changes: a new object closes idle connections. */
export class EgressPolicy extends Context.Service<EgressPolicy, { readonly current: () => Policy }>()(
  "@drawbar/egress/EgressPolicy",
) {
  static readonly layer = (policy: Policy) => Layer.succeed(EgressPolicy, { current: () => policy })
  static readonly layerLive = (current: () => Policy) => Layer.succeed(EgressPolicy, { current })
}

/** The settings in the operator's notation; missing values take their defaults. */
export interface Settings {
  readonly trustedEndpoints?: ReadonlyArray<string>
  readonly trustedHosts?: ReadonlyArray<string>
  /** Absent: those that this policy has seen. */
  readonly publicHosts?: TrustedHosts.PublicHosts
  readonly privateAddresses?: boolean
  readonly trustedPrivateEndpoints?: ReadonlyArray<string>
  readonly restrictedAddresses?: ReadonlyArray<string>
}

export type InvalidPolicy = TrustedEndpoints.InvalidEntry | TrustedHosts.InvalidTrustedHost

export const make = (settings: Settings = {}): Result.Result<Policy, InvalidPolicy> =>
  Result.gen(function* () {
    return {
      trustedEndpoints: yield* TrustedEndpoints.make(settings.trustedEndpoints ?? trustedEndpointDefaults),
      trustedHosts: yield* TrustedHosts.make(settings.trustedHosts ?? [], settings.publicHosts),
      privateAddresses: settings.privateAddresses ?? false,
      trustedPrivateEndpoints: yield* TrustedEndpoints.make(settings.trustedPrivateEndpoints ?? []),
      restrictedAddresses: yield* Result.all((settings.restrictedAddresses ?? []).map(addressPattern)),
    }
  })

const addressPattern = (entry: string): Result.Result<Pattern.Pattern, TrustedEndpoints.InvalidEntry> =>
  Result.mapError(
    Pattern.compile(entry),
    () => new TrustedEndpoints.InvalidEntry({ entry, problem: "Invalid regex pattern" }),
  )
