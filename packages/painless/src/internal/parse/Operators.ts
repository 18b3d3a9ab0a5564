/** The operators of the grammar, by how strongly they bind. */
import type { Operator, Relation } from "../run/Arithmetic.ts"
import type * as Syntax from "./Syntax.ts"

type Join = (at: number, left: Syntax.Expression, right: Syntax.Expression) => Syntax.Expression

const operation =
  (operator: Operator): Join =>
  (at, left, right) => ({ kind: "Operation", at, operator, left, right })

const relation =
  (operator: Relation | Syntax.Equation): Join =>
  (at, left, right) => ({ kind: "Relation", at, operator, left, right })

const logic =
  (operator: "&&" | "||"): Join =>
  (at, left, right) => ({ kind: "Logic", at, operator, left, right })

const matching =
  (operator: "=~" | "==~"): Join =>
  (at, left, right) => ({ kind: "Matching", at, operator, left, right })

/** How strongly `instanceof` binds. */
export const instanceOf = 7

/** Binary operators and their precedence. */
export const binary = new Map<string, readonly [strength: number, join: Join]>([
  ["||", [1, logic("||")]],
  ["&&", [2, logic("&&")]],
  ["|", [3, operation("|")]],
  ["^", [4, operation("^")]],
  ["&", [5, operation("&")]],
  ...(["==", "!=", "===", "!=="] as const).map((text) => [text, [6, relation(text)]] as const),
  ...(["<", "<=", ">", ">="] as const).map((text) => [text, [instanceOf, relation(text)]] as const),
  ...(["<<", ">>", ">>>"] as const).map((text) => [text, [8, operation(text)]] as const),
  ...(["=~", "==~"] as const).map((text) => [text, [9, matching(text)]] as const),
  ...(["+", "-"] as const).map((text) => [text, [10, operation(text)]] as const),
  ...(["*", "/", "%"] as const).map((text) => [text, [11, operation(text)]] as const),
])

/** Assignments, with the operator of a compound one. */
export const assignments = new Map<string, Operator | undefined>([
  ["=", undefined],
  ...(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"] as const).map((text) => [`${text}=`, text] as const),
])
