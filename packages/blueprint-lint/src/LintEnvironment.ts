/** What only the place knows where a blueprint will run; handed in, because a document alone does not say it. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { Problem } from "./Finding.ts"

export interface LintEnvironment {
  /** Whether it takes what the Dev Tools console takes, and not only JSON. */
  readonly readsConsoleText: boolean
  /** Why requests may not go to a URL, as a sentence; nothing where they may. */
  readonly untrusted: (url: string) => string | undefined
  /** What keeps a connector from being compiled; nothing where it can be. */
  readonly refusal: (connector: Connector, credentialNames: ReadonlyArray<string>) => Problem | undefined
}

/** A place that trusts every URL and takes what the rules let pass. */
export const anywhere: LintEnvironment = {
  readsConsoleText: true,
  untrusted: () => undefined,
  refusal: () => undefined,
}
