/** One check. */
import type { Problem, Severity } from "./Finding.ts"
import type { LintContext } from "./LintContext.ts"

export interface Rule {
  /** Words with hyphens; it names the rule in findings and in the docs. */
  readonly code: string
  readonly severity: Severity
  /** Markdown: what is reported, why it matters, how to fix it. */
  readonly description: string
  /** A part of a document that the rule reports, and the same part corrected. */
  readonly example: { readonly wrong: string; readonly right: string }
  readonly check: (context: LintContext) => ReadonlyArray<Problem>
}
