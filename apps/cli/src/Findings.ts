/** Formats lint findings as text. */
import type { Finding, Severity } from "@drawbar/blueprint-lint/Finding"

/** `file:line:column: severity code: message`, the form that editors turn into links. */
export const line = ({ code, severity, pointer, message, line, column }: Finding, file: string): string => {
  const place = line === undefined ? file : `${file}:${line}:${column}`
  const [first = "", ...rest] = message.split("\n")
  const where = pointer === "" ? "" : ` (${pointer})`
  return [`${place}: ${severity} ${code}: ${first}${where}`, ...rest.map((text) => `    ${text}`)].join("\n")
}

export const summary = (findings: ReadonlyArray<Pick<Finding, "severity">>): string => {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 || severity === "info" ? "" : "s"}`]
  })
  return counts.length === 0 ? "No findings" : counts.join(", ")
}

const severities: ReadonlyArray<Severity> = ["error", "warning", "info"]
