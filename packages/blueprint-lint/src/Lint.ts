/** Finds problems in a blueprint and their location: in a document, or in its text with line and column. */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { Finding } from "./Finding.ts"
import { anywhere, type LintEnvironment } from "./LintEnvironment.ts"
import { rules } from "./Rules.ts"
import * as DocumentText from "./DocumentText.ts"
import * as LintContext from "./LintContext.ts"

/** In characters; no hand-written document is longer. */
export const maxCharacters = 500_000

/** Limits the findings of one run; after these are fixed, another run reports the rest. */
const maxFindings = 100

/** The findings of a text: JSON, or what the Dev Tools console takes. In the order of their places. */
export const text = (source: string, environment: LintEnvironment = anywhere): ReadonlyArray<Finding> => {
  if (source.length > maxCharacters)
    return [
      { code: "syntax", severity: "error", pointer: "", message: `It is longer than ${maxCharacters} characters` },
    ]
  const { value, findings, placeOf } = DocumentText.read(source, environment.readsConsoleText)
  if (value === undefined) return findings
  const placed = document(value, environment)
    .slice(0, maxFindings)
    .map((finding) => ({ ...finding, ...placeOf(finding.pointer) }))
  return [...findings, ...placed].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

/** The findings of a document: a connector, or a model with an embedded connector. */
export const document = (value: Json.Json, environment: LintEnvironment = anywhere): ReadonlyArray<Finding> => {
  if (!Json.isObject(value)) return [{ code: "syntax", severity: "error", pointer: "", message: "Expected an object" }]
  const inside = value["connector"]
  const isModel = Json.isObject(inside) && value["actions"] === undefined
  const at = isModel ? "/connector" : ""
  const context = LintContext.make(isModel ? inside : value, environment, isModel)
  const findings = rules.flatMap(({ code, severity, check }) =>
    check(context).map(({ pointer, message }) => ({ code, severity, pointer: `${at}${pointer}`, message })),
  )
  return findings.some(({ severity }) => severity === "error") ? findings : [...findings, ...notRunnable(context, at)]
}

// Problems that the rules do not detect, but the runtime does.
const notRunnable = ({ blueprint, environment }: LintContext.LintContext, at: string): ReadonlyArray<Finding> => {
  const problem = Result.match(blueprint, {
    onSuccess: environment.refusal,
    onFailure: () => undefined,
  })
  return problem === undefined
    ? []
    : [{ code: "not-runnable", severity: "error", pointer: `${at}${problem.pointer}`, message: problem.message }]
}

export const hasErrors = (findings: ReadonlyArray<Finding>): boolean =>
  findings.some(({ severity }) => severity === "error")
