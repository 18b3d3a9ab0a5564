/** One thing to look for. */
import type { Problem, Severity } from "./Finding.ts"
import type { LintContext } from "./LintContext.ts"

export interface Rule {
  /** Words with hyphens; it names the rule in findings and in the docs. */
  readonly code: string
  readonly severity: Severity
  /** Markdown: what is found, why it matters, what to do. */
  readonly description: string
  /** A part of a document that is found, as it is written; and the same mended. */
  readonly example: { readonly wrong: string; readonly right: string }
  readonly check: (subject: LintContext) => ReadonlyArray<Problem>
}
