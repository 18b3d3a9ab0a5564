/** The index entries of a record: its values by field, and its words by field and position. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { DateTime, Option } from "effect"
import { fieldAt } from "./SearchFields.ts"
import { words } from "./SearchText.ts"

/** Both `null`: the field exists, but cannot be found by value. */
export interface FieldRow {
  readonly field: string
  readonly text: string | null
  readonly number: number | null
}

export interface WordRow {
  readonly field: string
  readonly word: string
  readonly position: number
}

/** A longer field name is not indexed, because it would exceed the size of an index key. */
const maxPath = 255
/** `ignore_above` of dynamic text. */
const maxKeyword = 256
/** A longer text in an exact field is stored but not indexed, because it would exceed the size of an index key. */
const maxExact = 512
/** Of a field's name and its text together, in UTF-8: an entry of a PostgreSQL index takes 2,704 bytes with its id. */
const maxEntryBytes = 2_000
/** Further words of one field are not indexed. */
const maxPosition = 10_000
/** The gap in position between the words of two values of one field, so that no phrase spans both. */
const gap = 100

/** The index rows of a record; equal values of one field share a row. */
export const rowsOf = (
  source: JsonObject,
): { readonly fields: ReadonlyArray<FieldRow>; readonly words: ReadonlyArray<WordRow> } => {
  const fields = new Map<string, FieldRow>()
  const found: Array<WordRow> = []
  const next = new Map<string, number>()
  const single = new Set<string>()
  const add = (field: string, whole: string | null, number: number | null) => {
    if (single.has(field)) return
    if (fieldAt(field).isSingle) single.add(field)
    const text = whole === null || Buffer.byteLength(field) + Buffer.byteLength(whole) > maxEntryBytes ? null : whole
    fields.set(JSON.stringify([field, text, number]), { field, text, number })
  }
  const addWords = (field: string, text: string) => {
    const first = next.get(field) ?? 0
    const list = words(text).slice(0, Math.max(0, maxPosition - first))
    for (const [i, word] of list.entries()) found.push({ field, word, position: first + i })
    next.set(field, first + list.length + gap)
  }
  for (const { path, value } of leaves(source, "")) {
    const field = fieldAt(path)
    if (typeof value !== "string") add(path, ...valueOf(field.kind === "exact", value))
    else if (field.kind === "date") add(path, null, dateOf(value))
    else if (field.kind === "exact") add(path, upTo(maxExact, value), null)
    else add(`${path}.keyword`, upTo(maxKeyword, value), null)
    // Flat objects contain whole request bodies, so they are indexed by value only.
    const isFlat = field.kind === "exact" && path.includes(".")
    if (typeof value === "string" && field.kind !== "date" && !isFlat) addWords(path, value)
  }
  return { fields: [...fields.values()], words: found }
}

type Leaf = { readonly path: string; readonly value: string | number | boolean }

/** In order, and without recursion, so that the cost of an item does not depend on its depth. */
function* leaves(root: Json, rootPath: string): Generator<Leaf> {
  const left: Array<{ readonly path: string; readonly value: Json }> = [{ path: rootPath, value: root }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, value } = next
    if (value === null || path.length > maxPath || path.includes("\0")) continue
    if (Array.isArray(value)) for (const item of value.toReversed()) left.push({ path, value: item })
    else if (isObject(value))
      for (const [key, item] of Object.entries(value).toReversed())
        left.push({ path: path === "" ? key : `${path}.${key}`, value: item })
    else if (typeof value === "object") yield { path, value: Number(Reflect.get(value, "rawJSON")) }
    else yield { path, value }
  }
}

/** A number by its value, a boolean also by its name; in an exact field both can be found as text. */
const valueOf = (isExact: boolean, value: number | boolean): [string | null, number | null] =>
  typeof value === "boolean"
    ? [String(value), Number(value)]
    : [isExact ? String(value) : null, Number.isFinite(value) ? value : null]

const dateOf = (text: string): number | null =>
  Option.getOrNull(Option.map(DateTime.make(text), DateTime.toEpochMillis))

/** `null` for text that no database can index: too long, or containing U+0000. */
const upTo = (length: number, text: string): string | null =>
  text.length > length || text.includes("\0") ? null : text
