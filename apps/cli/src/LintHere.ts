/** Lint on this machine: what a server trusts unless its operator says otherwise, and what its runtime compiles. */
import type { Host } from "@drawbar/blueprint-lint/Host"
import { trustedEndpointDefaults } from "@drawbar/blueprint-schema/TrustedEndpointDefaults"
import * as EgressPolicy from "@drawbar/connector-runtime/EgressPolicy"
import * as LintHost from "@drawbar/http-api/LintHost"
import { Result } from "effect"

export * as Lint from "@drawbar/blueprint-lint/Lint"

/** `trust`: further hosts and regular expressions of URLs. */
export const host = (trust: ReadonlyArray<string>): Result.Result<Host, string> =>
  Result.mapBoth(EgressPolicy.make({ trustedEndpoints: [...trustedEndpointDefaults, ...trust] }), {
    onSuccess: (policy) => LintHost.make(() => policy, true),
    onFailure: ({ message }) => message,
  })
