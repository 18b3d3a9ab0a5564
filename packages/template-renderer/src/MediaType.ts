/** The form of a body according to its content type. */
export type Kind = "json" | "lines" | "text"

const lines = new Set(["ndjson", "x-ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines"])

/** `application/json`, `…+json`, `x-…-json-1.1` and an absent content-type are JSON; the NDJSON family is a JSON value a line. */
export const kind = (contentType: string | undefined): Kind => {
  if (contentType === undefined) return "json"
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase()
  const subtype = type.slice(type.indexOf("/") + 1)
  if (lines.has(subtype)) return "lines"
  return type === "" || subtype.split(/[+.-]/).includes("json") ? "json" : "text"
}
