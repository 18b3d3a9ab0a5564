/** What depends on where a blueprint will run, and so cannot be derived from the document. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { Problem } from "./Finding.ts"

export interface LintEnvironment {
  /** Whether Dev Tools console text is accepted in addition to JSON. */
  readonly readsConsoleText: boolean
  /** Why requests may not be sent to a URL, as a sentence; undefined if they may. */
  readonly untrusted: (url: string) => string | undefined
  /** Why a connector does not compile; undefined if it does. */
  readonly refusal: (connector: Connector, credentialNames: ReadonlyArray<string>) => Problem | undefined
}

/** An environment that trusts every URL and accepts everything that the rules accept. */
export const anywhere: LintEnvironment = {
  readsConsoleText: true,
  untrusted: () => undefined,
  refusal: () => undefined,
}
