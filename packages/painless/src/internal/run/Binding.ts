/** Converts data to values and back; a script works on copies and never accesses an object of the host. */
import type { Json } from "../../ScriptData.ts"
import * as Arithmetic from "./Arithmetic.ts"
import * as JavaText from "./JavaText.ts"
import { Exhausted } from "./Interruption.ts"
import type { Run } from "./Run.ts"
import { Exception } from "./Exception.ts"
import {
  Char,
  Decimal,
  Double,
  Entry,
  Float,
  JavaArray,
  JavaMap,
  JavaSet,
  List,
  Small,
  StringBuilder,
  typeOf,
  type Identity,
  type Value,
} from "./Value.ts"

/**
 * `double`: every number is a `Double`, as gson parses it. `java`: integers are `Integer`, `Long` or `BigInteger`, as
 * Jackson parses them.
 */
export type Numbers = "double" | "java"

export const maxDepth = 512

/** The key of a string, marked if it looks like the identity of an object. */
const identityOf = (key: string): Identity => (key.charCodeAt(0) === 0 ? `\u0000String ${key}` : key)

export const put = (map: JavaMap, key: string, value: Value): void => {
  map.set(identityOf(key), key, value)
}

/** An integer of any size in the smallest class that can hold it. */
export const integer = (value: bigint): Value => {
  if (BigInt.asIntN(32, value) === value) return Number(value)
  return BigInt.asIntN(64, value) === value ? value : new Decimal("BigInteger", value, 0)
}

export const fromData = (data: Json | undefined, numbers: Numbers, depth = 0): Value => {
  if (depth > maxDepth) throw new Exhausted("nesting")
  if (data === null || data === undefined || typeof data === "string" || typeof data === "boolean") return data ?? null
  if (typeof data === "number")
    return numbers === "java" && Number.isSafeInteger(data) && !Object.is(data, -0)
      ? integer(BigInt(data))
      : new Double(data)
  if (typeof data === "bigint") return numbers === "java" ? integer(data) : new Double(Number(data))
  if (isArray(data)) return new List(data.map((item) => fromData(item, numbers, depth + 1)))
  const map = new JavaMap()
  for (const [key, value] of Object.entries(data)) put(map, key, fromData(value, numbers, depth + 1))
  return map
}

const isArray = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

const ofBigInt = (value: bigint): Json => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The result of a script as data; a float becomes the number with its shortest text. */
export const toData = (value: Value, run: Run, depth = 0): Json => {
  if (depth > maxDepth) throw new Exhausted("nesting")
  if (typeof value === "bigint") return ofBigInt(value)
  if (typeof value === "string") return answered(value, run)
  if (value === null || typeof value !== "object") return value
  if (value instanceof Double || value instanceof Small) return value.value
  if (value instanceof Float) return Number(JavaText.ofFloat(value.value))
  if (value instanceof StringBuilder) return answered(value.text, run)
  if (value instanceof Decimal)
    return value.type === "BigInteger" ? ofBigInt(value.unscaled) : Arithmetic.toDouble(value)
  if (value instanceof List || value instanceof JavaArray) return array(value.items, run, depth)
  if (value instanceof JavaSet) return array([...value.items.values()], run, depth)
  if (value instanceof JavaMap) return record(value, run, depth)
  if (value instanceof Char || value instanceof Entry || value instanceof Exception) return JavaText.of(value, run)
  return run.fail("ClassCastException", `the script returns [${typeOf(value)}], which is not data`)
}

/** The texts of a result share one limit. */
const answered = (text: string, run: Run): string => {
  if ((run.answered += text.length) > run.limits.text) throw new Exhausted("text")
  return text
}

const array = (items: ReadonlyArray<Value>, run: Run, depth: number): Json => {
  run.hold(items.length)
  return items.map((item) => toData(item, run, depth + 1))
}

const record = (map: JavaMap, run: Run, depth: number): Json => {
  run.hold(map.entries.size)
  const data: Record<string, Json> = Object.create(null)
  for (const { key, value } of map.entries.values())
    data[answered(JavaText.of(key, run), run)] = toData(value, run, depth + 1)
  return data
}
