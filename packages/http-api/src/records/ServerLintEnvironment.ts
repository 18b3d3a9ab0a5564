/** What lint has to know of the place where a blueprint will run: its trusted list, and what its runtime can compile. */
import type { LintEnvironment } from "@drawbar/blueprint-lint/LintEnvironment"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import * as Destination from "@drawbar/egress/Destination"
import type { Policy } from "@drawbar/egress/EgressPolicy"
import { Result } from "effect"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import { type Credential, names } from "@drawbar/blueprint-schema/Credential"
import * as CredentialValues from "@drawbar/deployments/connectors/CredentialValues"

/** `policy` is read at each use, because it changes while a server runs. A document on its way to a server may still have blanks. */
export const make = (policy: () => Policy, isDraft = false): LintEnvironment => ({
  readsConsoleText: isDraft,
  untrusted: (url) =>
    Result.match(Destination.make(url, policy()), { onSuccess: () => undefined, onFailure: ({ message }) => message }),
  refusal: ({ connector, credential }) =>
    Result.match(runnable(connector, credential, isDraft), {
      onSuccess: () => undefined,
      onFailure: ({ reason, message }) => ({ pointer: "pointer" in reason ? reason.pointer : "", message }),
    }),
})

const runnable = (connector: Connector, credential: Credential, isDraft: boolean) =>
  Result.andThen(
    CompiledConnector.compile(connector, names(credential)),
    isDraft ? Result.void : CredentialValues.check(credential),
  )
