/** Lint on this machine: what a server trusts unless its operator says otherwise, and what its runtime compiles. */
import type { LintEnvironment } from "@drawbar/blueprint-lint/LintEnvironment"
import { trustedEndpointDefaults } from "@drawbar/egress/TrustedEndpointDefaults"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as ServerLintEnvironment from "@drawbar/http-api/records/ServerLintEnvironment"
import { Result } from "effect"

export * as Lint from "@drawbar/blueprint-lint/Lint"

/** `trust`: further hosts and regular expressions of URLs. */
export const host = (trust: ReadonlyArray<string>): Result.Result<LintEnvironment, string> =>
  Result.mapBoth(EgressPolicy.make({ trustedEndpoints: [...trustedEndpointDefaults, ...trust] }), {
    onSuccess: (policy) => ServerLintEnvironment.make(() => policy, true),
    onFailure: ({ message }) => message,
  })
