/**
 * `filter_path`: the parts of an answer that a client wants, by dotted patterns; `*` is any part of a name, `**` any
 * depth, a leading `-` leaves out. Lists are looked through, not counted.
 */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"

export interface FilterPath {
  readonly apply: (value: Json.Json) => Json.Json
}

/** The rest of a pattern, from one of its names on; one that is at its end has arrived. */
interface Pattern {
  readonly names: ReadonlyArray<string>
  readonly at: number
}

/** How many names all patterns together may have: each is held against each name of an answer. */
const most = 200

/** Reads a comma-separated list of patterns; fails with a sentence where there are too many. */
export const parse = (text: string): Result.Result<FilterPath, string> => {
  const all = text
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "")
  const wanted = all.filter((pattern) => !pattern.startsWith("-")).map(patternOf)
  const unwanted = all.filter((pattern) => pattern.startsWith("-")).map((pattern) => patternOf(pattern.slice(1)))
  if ([...wanted, ...unwanted].reduce((count, { names }) => count + names.length, 0) > most)
    return Result.fail(`filter_path has more than ${most} names`)
  return Result.succeed({
    apply: (value) => {
      const kept = wanted.length === 0 ? value : (only(value, wanted) ?? {})
      return unwanted.length === 0 ? kept : without(kept, unwanted)
    },
  })
}

const patternOf = (text: string): Pattern => ({ names: text.split("."), at: 0 })

const hasArrived = ({ names, at }: Pattern): boolean => at === names.length

/** What is left of the patterns one name further down, each once: there are many ways to pass a name by `**`. */
const advance = (patterns: ReadonlyArray<Pattern>, name: string): ReadonlyArray<Pattern> => {
  const reached = new Map<ReadonlyArray<string>, Set<number>>()
  for (const { names, at } of patterns) {
    const places = reached.get(names) ?? new Set()
    reached.set(names, places)
    let here = at
    for (; names[here] === "**"; here++) places.add(here === names.length - 1 ? names.length : here)
    if (here < names.length && matches(names[here] ?? "", name)) places.add(here + 1)
  }
  return [...reached].flatMap(([names, places]) => [...places].map((at) => ({ names, at })))
}

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
    const part = left.some(hasArrived) ? child : only(child, left)
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
      return left.some(hasArrived) ? [] : [[name, without(child, left)] as const]
    }),
  )
}
