/** How one JSON value differs from another: a change for each place, by JSON pointer (RFC 6901). */
import { isObject, type Json, stringify } from "@drawbar/json-text/Json"

export type Change =
  | { readonly op: "add"; readonly path: string; readonly after: Json }
  | { readonly op: "remove"; readonly path: string; readonly before: Json }
  | { readonly op: "replace"; readonly path: string; readonly before: Json; readonly after: Json }

/** Members and items are compared by name and by index; an item in the middle of a list moves those behind it. */
export const of = (before: Json, after: Json, path = ""): ReadonlyArray<Change> => {
  const [a, b] = [membersOf(before), membersOf(after)]
  if (a === undefined || b === undefined || Array.isArray(before) !== Array.isArray(after))
    return stringify(before) === stringify(after) ? [] : [{ op: "replace", path, before, after }]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name): ReadonlyArray<Change> => {
    const at = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    const [left, right] = [a.get(name), b.get(name)]
    if (left === undefined) return right === undefined ? [] : [{ op: "add", path: at, after: right }]
    return right === undefined ? [{ op: "remove", path: at, before: left }] : of(left, right, at)
  })
}

const membersOf = (value: Json): ReadonlyMap<string, Json> | undefined =>
  Array.isArray(value)
    ? new Map(value.map((item: Json, i) => [String(i), item]))
    : isObject(value)
      ? new Map(Object.entries(value))
      : undefined
