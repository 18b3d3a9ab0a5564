/** Formats lint findings as text. */
import type { Finding, Severity } from "@drawbar/blueprint-lint/Finding"
import { Effect } from "effect"

/** `file:line:column: severity code: message`, the form that editors turn into links. */
export const line = ({ code, severity, pointer, message, line, column }: Finding, file: string): string => {
  const place = line === undefined ? file : `${file}:${line}:${column}`
  const [first = "", ...rest] = message.split("\n")
  const where = pointer === "" ? "" : ` (${pointer})`
  return [`${place}: ${severity} ${code}: ${first}${where}`, ...rest.map((text) => `    ${text}`)].join("\n")
}

/**
 * The lines for findings of the server. Its lines and columns are those of the request body, which the user does not
 * see: each is looked up again in the text of the file, if there is one.
 */
export const placed = Effect.fnUntraced(function* (
  findings: ReadonlyArray<Finding>,
  file: string,
  source: string | undefined,
) {
  if (source === undefined) return findings.map(({ line: _, column: __, ...finding }) => line(finding, file))
  // Loads lazily what few commands need.
  const { placeOf } = (yield* Effect.promise(() => import("@drawbar/blueprint-lint/DocumentText"))).read(source, true)
  return findings.map((finding) => line({ ...finding, ...placeOf(finding.pointer) }, file))
})

export const summary = (findings: ReadonlyArray<Pick<Finding, "severity">>): string => {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 || severity === "info" ? "" : "s"}`]
  })
  return counts.length === 0 ? "No findings" : counts.join(", ")
}

const severities: ReadonlyArray<Severity> = ["error", "warning", "info"]
