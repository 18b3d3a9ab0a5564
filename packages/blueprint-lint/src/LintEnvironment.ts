/** What depends on where a blueprint will run, and so cannot be derived from the document. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type { Problem } from "./Finding.ts"

export interface LintEnvironment {
  /** Whether Dev Tools console text is accepted in addition to JSON. */
  readonly readsConsoleText: boolean
  /** Why requests may not be sent to a URL, as a sentence; undefined if they may. */
  readonly untrusted: (url: string) => string | undefined
  /** Why a connector does not compile, or would not be created; undefined if it does and would. */
  readonly refusal: (blueprint: Blueprint) => Problem | undefined
}

/** An environment that trusts every URL and accepts everything that the rules accept. */
export const anywhere: LintEnvironment = {
  readsConsoleText: true,
  untrusted: () => undefined,
  refusal: () => undefined,
}
