/** The position of a placeholder. `text`: in a body that is not JSON; `origin`: scheme, host or port. */
export type Position = "string" | "value" | "fragment" | "whole" | "text" | "origin" | "path" | "query" | "header"

/** A placeholder of a compiled template, for lint, the dry run and the docs. */
export interface Placeholder {
  readonly kind: "parameter" | "credential"
  readonly name: string
  readonly position: Position
  /** In UTF-16 units, in the template or, for a placeholder in an author's parameter, in that parameter. */
  readonly offset: number
  /** The placeholder as written, e.g. `${parameters.model:-small}`. */
  readonly source: string
  readonly default: string | undefined
  /** The author's parameter whose text contains this placeholder; undefined for the template's own. */
  readonly parameter: string | undefined
  /** The header that contains the placeholder. */
  readonly header: string | undefined
  /** The connector's own parameters fill it, so a call need not. */
  readonly authored: boolean
  /** Only the connector may fill it. */
  readonly fixed: boolean
}
