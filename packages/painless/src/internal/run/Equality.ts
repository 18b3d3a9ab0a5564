import * as Arithmetic from "./Arithmetic.ts"
import * as JavaText from "./JavaText.ts"
import { Exhausted } from "./Interruption.ts"
import type { Run } from "./Run.ts"
import {
  Char,
  Decimal,
  Double,
  Entry,
  Float,
  JavaMap,
  JavaSet,
  List,
  Optional,
  Small,
  StringBuilder,
  Temporal,
  Uuid,
  typeOf,
  type Identity,
  type Value,
} from "./Value.ts"

const maxDepth = 200

/** `==`: numbers are compared by value across types, other values with `equals`. */
export const loose = (left: Value, right: Value, run: Run): boolean =>
  Arithmetic.same(left, right) ?? equals(left, right, run)

/** `equals`: numbers are equal within one type only, collections by their elements. */
export const equals = (left: Value, right: Value, run: Run, depth = 0): boolean => {
  if (typeof left === "string" && typeof right === "string") {
    if (left.length !== right.length) return false
    if (left.length > 128) run.text(left.length)
    return left === right
  }
  if (left === right) return true
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return false
  if (depth > maxDepth) throw new Exhausted("nesting")
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
  if (left instanceof Optional)
    return right instanceof Optional && left.type === right.type && equals(left.value, right.value, run, depth + 1)
  if (left instanceof StringBuilder || right instanceof StringBuilder) return false
  return isScalar(left) && isScalar(right) && identityOf(left, run) === identityOf(right, run)
}

const isScalar = (value: Value): boolean =>
  value instanceof Double ||
  value instanceof Float ||
  value instanceof Small ||
  value instanceof Char ||
  value instanceof Decimal ||
  value instanceof Temporal ||
  value instanceof Uuid

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

/**
 * `Object.hashCode` of values that have a stable one. Others are rejected, because in Java their hash code changes with
 * each run.
 */
export const hashOf = (value: Value, run: Run, depth = 0): number => {
  if (depth > maxDepth) throw new Exhausted("nesting")
  run.work(1)
  switch (typeof value) {
    case "string":
      return textHash(value, run)
    case "number":
      return value
    case "boolean":
      return value ? 1231 : 1237
    case "bigint":
      return longHash(value)
  }
  if (value === null) return 0
  if (value instanceof Double) return doubleHash(value.value)
  if (value instanceof Small) return value.value
  if (value instanceof Char) return value.code
  if (value instanceof List)
    return value.items.reduce((hash: number, item) => (Math.imul(hash, 31) + hashOf(item, run, depth + 1)) | 0, 1)
  if (value instanceof JavaSet)
    return value.items.values().reduce((hash: number, item) => (hash + hashOf(item, run, depth + 1)) | 0, 0)
  if (value instanceof Entry) return hashOf(value.key, run, depth + 1) ^ hashOf(value.value, run, depth + 1)
  if (value instanceof JavaMap)
    return value.entries.values().reduce((hash: number, entry) => (hash + hashOf(entry, run, depth + 1)) | 0, 0)
  if (value instanceof Optional) return hashOf(value.value, run, depth + 1)
  return run.fail("UnsupportedOperationException", `the hash code of [${typeOf(value)}] is not supported`)
}

const longHash = (value: bigint): number => Number(BigInt.asIntN(32, value ^ (BigInt.asUintN(64, value) >> 32n)))

const doubleHash = (value: number): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getInt32(0) ^ view.getInt32(4)
}

/** `String.hashCode`: s[0] * 31^(n-1) + … in 32 bits. */
const textHash = (text: string, run: Run): number => {
  run.work(text.length >> 2)
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}

/** The key of a value in a map or a set; NUL marks the identity of an object. */
export const identityOf = (value: Value, run: Run): Identity => {
  if (typeof value === "string") {
    if (value.length > 128) run.text(value.length)
    return value.charCodeAt(0) === 0 ? `\u0000String ${value}` : value
  }
  if (value === null || typeof value !== "object") return value
  if (value instanceof Entry) return `\u0000Entry ${typeof value.key} ${identityOf(value.key, run)}`
  return `\u0000${typeOf(value)} ${JavaText.of(value, run)}`
}
