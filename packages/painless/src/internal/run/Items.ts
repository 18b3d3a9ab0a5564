/** The items of a list, an array or a set. */
import type { Run } from "./Run.ts"
import { JavaArray, JavaSet, List, type Value } from "./Value.ts"

/** Undefined if the value is not iterable; visiting all items counts as that many steps. */
export const of = (value: Value, run: Run): ReadonlyArray<Value> | undefined => {
  const items = read(value)
  if (items !== undefined) run.work(items.length)
  return items
}

const read = (value: Value): ReadonlyArray<Value> | undefined => {
  if (value instanceof List || value instanceof JavaArray) return value.items
  return value instanceof JavaSet ? [...value.items.values()] : undefined
}
