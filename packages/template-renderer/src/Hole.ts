/** Where a hole stands. `text`: in a body that is no JSON; `origin`: scheme, host or port. */
export type Position = "string" | "value" | "fragment" | "whole" | "text" | "origin" | "path" | "query" | "header"

/** A hole of a compiled template, as lint, the dry run and the docs read it. */
export interface Hole {
  readonly kind: "parameter" | "credential"
  readonly name: string
  readonly position: Position
  /** In UTF-16 units, in the template or, for a hole of an author's parameter, in that parameter. */
  readonly offset: number
  /** The hole as it is written, e.g. `${parameters.model:-small}`. */
  readonly source: string
  readonly default: string | undefined
  /** The author's parameter whose text holds this hole; undefined for the template's own. */
  readonly parameter: string | undefined
  /** The header that the hole stands in. */
  readonly header: string | undefined
  /** The connector's own parameters fill it, so a call need not. */
  readonly authored: boolean
  /** Only the connector may fill it. */
  readonly fixed: boolean
}
