/** A problem or remark that lint reports about a document. */
export type Severity = "error" | "warning" | "info"

/** What a rule reports; `pointer` is a JSON pointer (RFC 6901) into the document. */
export interface Problem {
  readonly pointer: string
  readonly message: string
}

export interface Finding extends Problem {
  /** The rule's name; docs/lint.md has a section for each. */
  readonly code: string
  /**
   * `error`: the document is rejected or cannot run. `warning`: it is accepted, but is probably a mistake. `info`:
   * useful to know.
   */
  readonly severity: Severity
  /** Both 1-based; absent if the document was given without its text. */
  readonly line?: number
  readonly column?: number
}
