/**
 * Members that a translator adds to the body that an author's template has rendered. What the template says stays: a member that is
 * there already is not written again, and one that says something else is reported.
 */
import * as Json from "@drawbar/json-text/Json"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import { json, text, type Value } from "@drawbar/template-renderer/Parameter"

export interface Member {
  /** What the caller calls it. */
  readonly field: string
  readonly path: readonly [string, ...ReadonlyArray<string>]
  /** JSON text. */
  readonly json: string
  /** Added only where the template has none, and never reported. */
  readonly isDefault?: boolean
}

export interface Merged {
  readonly body: string
  /** The fields of members that the template fixes otherwise. */
  readonly fixed: ReadonlyArray<string>
}

/** The body with the members; nothing where it is not a JSON object. An empty body is an empty object. */
export const add = (body: string, members: ReadonlyArray<Member>): Merged | undefined => {
  const text = body.trim() === "" ? "{}" : body.trim()
  const value = objectOf(text)
  if (value === undefined) return undefined
  const fixed: Array<string> = []
  return { body: merged(text, value, members, 0, fixed), fixed }
}

/** Members as parameters: each of the body's own members by its name. */
export const topLevel = (members: ReadonlyArray<Member>): ReadonlyMap<string, Value> =>
  new Map(
    [...Map.groupBy(members, ({ path }) => path[0])].map(([name, group]) => {
      return [name, valueOf(written(group, 1))]
    }),
  )

/** JSON text as the value of a parameter. */
export const valueOf = (value: string): Value => (value.startsWith('"') ? text(JSON.parse(value)) : json(value))

const objectOf = (text: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return Json.isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const merged = (
  text: string,
  value: object,
  members: ReadonlyArray<Member>,
  depth: number,
  fixed: Array<string>,
): string => {
  const groups = Map.groupBy(members, ({ path }) => path[depth] ?? "")
  const present = [...groups.keys()].filter((name) => Object.hasOwn(value, name))
  const texts = JsonSource.slices(
    { text, value: null },
    present.map((name) => [name]),
  )
  const changed = new Map<string, string>()
  for (const [i, name] of present.entries()) {
    const own = texts[i] ?? ""
    const now = kept(own, groups.get(name) ?? [], depth, fixed)
    if (now !== own) changed.set(name, now)
  }
  const added = [...groups].filter(([name]) => !Object.hasOwn(value, name))
  const whole = changed.size === 0 ? text : rewritten(text, value, changed)
  if (added.length === 0) return whole
  const tail = added.map(([name, group]) => `${JSON.stringify(name)}:${written(group, depth + 1)}`).join(",")
  return `${whole.slice(0, -1).trimEnd()}${Object.keys(value).length === 0 ? "" : ","}${tail}}`
}

/** A value of the template, with what it does not say itself. */
const kept = (own: string, group: ReadonlyArray<Member>, depth: number, fixed: Array<string>): string => {
  const inner = group.every(({ path }) => path.length > depth + 1) ? objectOf(own) : undefined
  if (inner !== undefined) return merged(own, inner, group, depth + 1, fixed)
  const asked = group.filter(({ isDefault }) => isDefault !== true)
  if (asked.length > 0 && !isSame(own, written(group, depth + 1))) fixed.push(...asked.map(({ field }) => field))
  return own
}

const rewritten = (text: string, value: object, changed: ReadonlyMap<string, string>): string => {
  const names = Object.keys(value)
  const texts = JsonSource.slices(
    { text, value: null },
    names.map((name) => [name]),
  )
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${changed.get(name) ?? texts[i] ?? "null"}`).join(",")}}`
}

const written = (group: ReadonlyArray<Member>, depth: number): string => {
  const leaf = group.find(({ path }) => path.length === depth)
  if (leaf !== undefined) return leaf.json
  const groups = Map.groupBy(group, ({ path }) => path[depth] ?? "")
  return `{${[...groups].map(([name, inner]) => `${JSON.stringify(name)}:${written(inner, depth + 1)}`).join(",")}}`
}

const isSame = (a: string, b: string): boolean => {
  if (a === b) return true
  try {
    return isEqual(JSON.parse(a), JSON.parse(b))
  } catch {
    return false
  }
}

const isEqual = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(Reflect.get(a, name), Reflect.get(b, name)))
  )
}
