/** Says what is wrong with a blueprint, and where: of a document, or of its text with line and column. */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { Finding } from "./Finding.ts"
import { anywhere, type LintEnvironment } from "./LintEnvironment.ts"
import { rules } from "./Rules.ts"
import * as DocumentText from "./DocumentText.ts"
import * as LintContext from "./LintContext.ts"

/** In characters: what is longer is no document that somebody wrote. */
export const maxCharacters = 500_000

/** Who has more to mend looks again when he has mended these. */
const most = 100

/** The findings of a text: JSON, or what the Dev Tools console takes. In the order of their places. */
export const text = (source: string, host: LintEnvironment = anywhere): ReadonlyArray<Finding> => {
  if (source.length > maxCharacters)
    return [
      { code: "syntax", severity: "error", pointer: "", message: `It is longer than ${maxCharacters} characters` },
    ]
  const { value, findings, placeOf } = DocumentText.read(source, host.readsConsoleText)
  if (value === undefined) return findings
  const placed = document(value, host)
    .slice(0, most)
    .map((finding) => ({ ...finding, ...placeOf(finding.pointer) }))
  return [...findings, ...placed].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

/** The findings of a document: a connector's, or a model's with its connector inside. */
export const document = (value: Json.Json, host: LintEnvironment = anywhere): ReadonlyArray<Finding> => {
  if (!Json.isObject(value)) return [{ code: "syntax", severity: "error", pointer: "", message: "Expected an object" }]
  const inside = value["connector"]
  const isModel = Json.isObject(inside) && value["actions"] === undefined
  const at = isModel ? "/connector" : ""
  const subject = LintContext.make(isModel ? inside : value, host, isModel)
  const findings = rules.flatMap(({ code, severity, check }) =>
    check(subject).map(({ pointer, message }) => ({ code, severity, pointer: `${at}${pointer}`, message })),
  )
  return findings.some(({ severity }) => severity === "error") ? findings : [...findings, ...notRunnable(subject, at)]
}

// What the rules let pass and the runtime does not.
const notRunnable = (
  { blueprint, credentialNames, host }: LintContext.LintContext,
  at: string,
): ReadonlyArray<Finding> => {
  const problem = Result.match(blueprint, {
    onSuccess: ({ connector }) => host.refusal(connector, credentialNames),
    onFailure: () => undefined,
  })
  return problem === undefined
    ? []
    : [{ code: "not-runnable", severity: "error", pointer: `${at}${problem.pointer}`, message: problem.message }]
}

export const hasErrors = (findings: ReadonlyArray<Finding>): boolean =>
  findings.some(({ severity }) => severity === "error")
