/** Lints locally, with the server's default trusted endpoints and the patterns that its runtime compiles. */
import type { LintEnvironment } from "@drawbar/blueprint-lint/LintEnvironment"
import { trustedEndpointDefaults } from "@drawbar/egress/TrustedEndpointDefaults"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as TrustedHosts from "@drawbar/egress/TrustedHosts"
import * as ServerLintEnvironment from "@drawbar/http-api/records/ServerLintEnvironment"
import { Result } from "effect"

export * as Lint from "@drawbar/blueprint-lint/Lint"

/** `trust`: additional hosts, origins and regular expressions of URLs. */
export const environment = (trust: ReadonlyArray<string>): Result.Result<LintEnvironment, string> =>
  Result.mapBoth(
    EgressPolicy.make({
      trustedEndpoints: [...trustedEndpointDefaults, ...trust.filter((entry) => !isOrigin(entry))],
      trustedHosts: trust.filter(isOrigin),
    }),
    {
      onSuccess: (policy) => ServerLintEnvironment.make(() => policy, true),
      onFailure: ({ message }) => message,
    },
  )

const isOrigin = (entry: string): boolean => Result.isSuccess(TrustedHosts.parse(entry))
