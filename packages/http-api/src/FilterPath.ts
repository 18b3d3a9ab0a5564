/**
 * `filter_path`: the parts of an answer that a client wants, by dotted patterns; `*` is any part of a name, `**` any
 * depth, a leading `-` leaves out. Lists are looked through, not counted.
 */
import * as Json from "@drawbar/blueprint-schema/Json"

export interface FilterPath {
  readonly apply: (value: Json.Json) => Json.Json
}

type Pattern = ReadonlyArray<string>

/** Reads a comma-separated list of patterns. */
export const parse = (text: string): FilterPath => {
  const all = text
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "")
  const wanted = all.filter((pattern) => !pattern.startsWith("-")).map((pattern) => pattern.split("."))
  const unwanted = all.filter((pattern) => pattern.startsWith("-")).map((pattern) => pattern.slice(1).split("."))
  return {
    apply: (value) => {
      const kept = wanted.length === 0 ? value : (only(value, wanted) ?? {})
      return unwanted.length === 0 ? kept : without(kept, unwanted)
    },
  }
}

/** What is left of the patterns one name further down; an empty one is a pattern that has arrived. */
const advance = (patterns: ReadonlyArray<Pattern>, name: string): ReadonlyArray<Pattern> =>
  patterns.flatMap((pattern): ReadonlyArray<Pattern> => {
    const [head = "", ...rest] = pattern
    if (head === "**") return rest.length === 0 ? [rest] : [pattern, ...advance([rest], name)]
    return matches(head, name) ? [rest] : []
  })

const matches = (glob: string, name: string): boolean => {
  if (!glob.includes("*")) return glob === name
  const [first = "", ...parts] = glob.split("*")
  if (!name.startsWith(first)) return false
  const last = parts.pop() ?? ""
  let at = first.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

const only = (value: Json.Json, patterns: ReadonlyArray<Pattern>): Json.Json | undefined => {
  if (Array.isArray(value)) {
    const kept = value.map((item) => only(item, patterns)).filter((item) => item !== undefined)
    return kept.length === 0 ? undefined : kept
  }
  if (!Json.isObject(value)) return undefined
  const kept = Object.entries(value).flatMap(([name, child]) => {
    const left = advance(patterns, name)
    const part = left.some((pattern) => pattern.length === 0) ? child : only(child, left)
    return part === undefined ? [] : [[name, part] as const]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const without = (value: Json.Json, patterns: ReadonlyArray<Pattern>): Json.Json => {
  if (Array.isArray(value)) return value.map((item) => without(item, patterns))
  if (!Json.isObject(value) || patterns.length === 0) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => {
      const left = advance(patterns, name)
      return left.some((pattern) => pattern.length === 0) ? [] : [[name, without(child, left)] as const]
    }),
  )
}
