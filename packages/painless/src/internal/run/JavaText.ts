/** Values in Java's text form: `1.0`, `1.0E10`, `[a, b]`, `{k=v}`. */
import { Exhausted } from "./Interruption.ts"
import type { Run } from "./Run.ts"
import { Exception } from "./Exception.ts"
import {
  Char,
  Comparator,
  Collector,
  Cursor,
  Decimal,
  Double,
  Entry,
  Float,
  JavaArray,
  JavaMap,
  JavaSet,
  Lambda,
  List,
  type Matcher,
  Optional,
  Pattern,
  Small,
  type Stream,
  StringBuilder,
  Temporal,
  Uuid,
  type Value,
} from "./Value.ts"
import * as TemporalText from "./TemporalText.ts"
import * as Type from "./Type.ts"

/**
 * Java writes 10^-3 ≤ |d| < 10^7 as a plain decimal and other values with `E`, always with a digit after the point
 * (`Double.toString`).
 */
export const ofDouble = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : `${value}`
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0"
  if (!Number.isFinite(value)) return `${value}`
  const shortest = value.toExponential()
  return exponential(shortest.includes(".") ? shortest : twoDigits(value, Number))
}

/** Java 19 and later prefer the nearest two-digit text to a one-digit text: `4.9E-324`. */
const twoDigits = (value: number, read: (text: string) => number): string => {
  const text = value.toExponential(1)
  return read(text) === value ? text : value.toExponential(0).replace("e", ".0e")
}

const exponential = (text: string): string => text.replace("e+", "E").replace("e", "E")

/** The fewest digits that parse to the same 32-bit float. */
export const ofFloat = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) {
    if (Number.isInteger(value)) return `${value}.0`
    return plainFloat(value, size)
  }
  if (value === 0 || !Number.isFinite(value)) return ofDouble(value)
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return exponential(text)
  }
  return exponential(value.toExponential(8))
}

const powers = Array.from({ length: 16 }, (_, index) => 10 ** index)

const plainFloat = (value: number, size: number): string => {
  const lead = -1 - Math.floor(Math.log10(size))
  let best = value
  for (let digits = 9; digits >= 6; digits--) {
    const power = powers[digits + lead]
    if (power === undefined) break
    const candidate = Math.round(value * power) / power
    if (Math.fround(candidate) !== value) break
    best = candidate
  }
  return Number.isInteger(best) ? `${best}.0` : `${best}`
}

/** Plain down to 10^-6, as in `BigDecimal.toString`, otherwise with an exponent. */
export const ofDecimal = (value: Decimal): string => {
  const negative = value.unscaled < 0n
  const digits = `${negative ? -value.unscaled : value.unscaled}`
  const sign = negative ? "-" : ""
  if (value.scale === 0) return sign + digits
  const exponent = digits.length - 1 - value.scale
  if (value.scale > 0 && exponent >= -6) {
    const padded = digits.padStart(value.scale + 1, "0")
    return `${sign}${padded.slice(0, -value.scale)}.${padded.slice(-value.scale)}`
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
  return exponent === 0 ? sign + mantissa : `${sign}${mantissa}E${exponent > 0 ? "+" : ""}${exponent}`
}

const maxDepth = 200

/** The text of any value; its size is counted on `run`. */
export const of = (value: Value, run: Run): string => {
  const text = print(value, run, 0)
  if (text.length > 128) run.text(text.length)
  return text
}

/** In steps, because the shortest digits of a number must be found. */
const costOfDigits = 10

const print = (value: Value, run: Run, depth: number): string => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
    case "bigint":
    case "boolean":
      return `${value}`
  }
  if (value === null) return "null"
  if (value instanceof StringBuilder) return value.text
  if (value instanceof Double || value instanceof Float) {
    run.work(costOfDigits)
    return value instanceof Double ? ofDouble(value.value) : ofFloat(value.value)
  }
  if (value instanceof List) return sequence(value.items, value, "[", "]", run, depth)
  if (value instanceof JavaMap) return sequence(value.entries.values(), value, "{", "}", run, depth)
  if (value instanceof JavaSet) return sequence(value.items.values(), value, "[", "]", run, depth)
  if (value instanceof Entry)
    return depth > maxDepth ? deeper() : `${print(value.key, run, depth + 1)}=${print(value.value, run, depth + 1)}`
  if (value instanceof Char) return String.fromCharCode(value.code)
  if (value instanceof Small) return `${value.value}`
  if (value instanceof Decimal) return ofDecimal(value)
  if (value instanceof Exception) {
    const type = Type.javaName(value.type)
    return value.message === null ? type : `${type}: ${value.message}`
  }
  if (value instanceof Optional) return ofOptional(value, run, depth)
  if (value instanceof Pattern) return value.regex.source
  if (value instanceof Uuid) return value.text
  if (value instanceof Temporal) return TemporalText.of(value)
  if (value instanceof JavaArray) return `${value.component}[${value.items.length}]`
  return opaque(value)
}

const deeper = (): never => {
  throw new Exhausted("nesting")
}

const ofOptional = ({ type, value }: Optional, run: Run, depth: number): string => {
  if (value === null) return `${type}.empty`
  return depth > maxDepth ? deeper() : `${type}[${print(value, run, depth + 1)}]`
}

const opaque = (value: Lambda | Comparator | Stream | Collector | Cursor | Matcher): string =>
  value instanceof Cursor ? "Iterator" : value instanceof Lambda ? "Function" : "Object"

const sequence = (
  items: Iterable<Value>,
  self: Value,
  open: string,
  close: string,
  run: Run,
  depth: number,
): string => {
  if (depth > maxDepth) return deeper()
  let text = open
  let first = true
  for (const item of items) {
    run.work(1)
    if (first) first = false
    else text += ", "
    text += item === self ? "(this Collection)" : print(item, run, depth + 1)
    if (text.length > run.limits.text) throw new Exhausted("text")
  }
  return text + close
}
