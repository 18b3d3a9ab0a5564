import * as Arithmetic from "./Arithmetic.ts"
import * as JavaText from "./JavaText.ts"
import { Exhausted, type Run } from "./Run.ts"
import {
  Char,
  Decimal,
  Double,
  Entry,
  Float,
  JavaMap,
  JavaSet,
  List,
  Small,
  StringBuilder,
  typeOf,
  type Identity,
  type Value,
} from "./Value.ts"

const deepest = 200

/** What `==` says: numbers by their value whatever their types, all else as `equals`. */
export const loose = (left: Value, right: Value, run: Run): boolean =>
  Arithmetic.same(left, right) ?? equals(left, right, run)

/** What `equals` says: numbers are equal within one type only, collections by their elements. */
export const equals = (left: Value, right: Value, run: Run, depth = 0): boolean => {
  if (typeof left === "string" && typeof right === "string") {
    if (left.length !== right.length) return false
    if (left.length > 128) run.text(left.length)
    return left === right
  }
  if (left === right) return true
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return false
  if (depth > deepest) throw new Exhausted("nesting")
  run.work(1)
  if (left instanceof List) return right instanceof List && sameItems(left.items, right.items, run, depth)
  if (left instanceof JavaMap) return right instanceof JavaMap && sameEntries(left, right, run, depth)
  if (left instanceof JavaSet) return right instanceof JavaSet && sameKeys(left.items, right.items, run)
  if (left instanceof Entry)
    return (
      right instanceof Entry &&
      equals(left.key, right.key, run, depth + 1) &&
      equals(left.value, right.value, run, depth + 1)
    )
  if (left instanceof StringBuilder || right instanceof StringBuilder) return false
  return isScalar(left) && isScalar(right) && identityOf(left, run) === identityOf(right, run)
}

const isScalar = (value: Value): boolean =>
  value instanceof Double ||
  value instanceof Float ||
  value instanceof Small ||
  value instanceof Char ||
  value instanceof Decimal

const sameItems = (left: ReadonlyArray<Value>, right: ReadonlyArray<Value>, run: Run, depth: number): boolean =>
  left.length === right.length &&
  left.every((item, index) => {
    run.work(1)
    return equals(item, right[index] ?? null, run, depth + 1)
  })

const sameKeys = (left: ReadonlyMap<Identity, unknown>, right: ReadonlyMap<Identity, unknown>, run: Run): boolean => {
  run.work(left.size)
  return left.size === right.size && left.keys().every((key) => right.has(key))
}

const sameEntries = (left: JavaMap, right: JavaMap, run: Run, depth: number): boolean =>
  sameKeys(left.entries, right.entries, run) &&
  left.entries.entries().every(([key, entry]) => equals(entry.value, right.get(key), run, depth + 1))

/** The key under which a map or a set keeps a value; NUL marks the identity of an object. */
export const identityOf = (value: Value, run: Run): Identity => {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\u0000String ${value}` : value
  if (value === null || typeof value !== "object") return value
  if (value instanceof Entry) return `\u0000Entry ${typeof value.key} ${identityOf(value.key, run)}`
  return `\u0000${typeOf(value)} ${JavaText.of(value, run)}`
}
