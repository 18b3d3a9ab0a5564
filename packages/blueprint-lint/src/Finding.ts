/** Something that lint has to say of a document. */
export type Severity = "error" | "warning" | "info"

/** What a rule finds; `pointer` is a JSON pointer (RFC 6901) into the document. */
export interface Problem {
  readonly pointer: string
  readonly message: string
}

export interface Finding extends Problem {
  /** The rule's name; docs/lint.md has a section for each. */
  readonly code: string
  /** `error`: it is refused or cannot run. `warning`: it is taken, and probably not meant. `info`: good to know. */
  readonly severity: Severity
  /** Both count from 1; absent where the document came without its text. */
  readonly line?: number
  readonly column?: number
}
