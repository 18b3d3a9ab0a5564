/** What lint has to know of the place where a blueprint will run: its trusted list, and what its runtime can compile. */
import type { LintEnvironment } from "@drawbar/blueprint-lint/LintEnvironment"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import * as Destination from "@drawbar/egress/Destination"
import type { Policy } from "@drawbar/egress/EgressPolicy"
import { Result } from "effect"

/** `policy` is read at each use, because it changes while a server runs. */
export const make = (policy: () => Policy, readsConsoleText = false): LintEnvironment => ({
  readsConsoleText,
  untrusted: (url) =>
    Result.match(Destination.make(url, policy()), { onSuccess: () => undefined, onFailure: ({ message }) => message }),
  refusal: (connector, credentialNames) =>
    Result.match(CompiledConnector.compile(connector, credentialNames), {
      onSuccess: () => undefined,
      onFailure: ({ reason, message }) => ({ pointer: "pointer" in reason ? reason.pointer : "", message }),
    }),
})
