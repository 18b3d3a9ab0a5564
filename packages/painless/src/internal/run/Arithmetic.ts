/** Java's arithmetic on values that carry their type (JLS 4.2, 5.6, 15.17-15.22). */
import * as JavaText from "./JavaText.ts"
import type { Run } from "./Run.ts"
import { Char, Decimal, Double, Float, Small, typeOf, type Value } from "./Value.ts"

export type Operator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | ">>>"
export type Relation = "<" | "<=" | ">" | ">="

type Rank = 0 | 1 | 2 | 3 | 4

/** 1 int, 2 long, 3 float, 4 double; 0 is not a number that arithmetic accepts. */
const rankOf = (value: Value): Rank => {
  if (typeof value === "number") return 1
  if (value instanceof Double) return 4
  if (typeof value === "bigint") return 2
  if (value instanceof Float) return 3
  return value instanceof Small || value instanceof Char ? 1 : 0
}

export const isNumber = (value: Value): boolean =>
  value instanceof Decimal || (rankOf(value) > 0 && !(value instanceof Char))

/** The value as the nearest double; NaN if it is not a number. */
export const toDouble = (value: Value): number => {
  if (typeof value === "number") return value
  if (value instanceof Double || value instanceof Float || value instanceof Small) return value.value
  if (typeof value === "bigint") return Number(value)
  if (value instanceof Char) return value.code
  return value instanceof Decimal ? Number(JavaText.ofDecimal(value)) : Number.NaN
}

/** The low 32 bits of an integer; fractions are truncated and other values are clamped (JLS 5.1.3). */
export const toInt = (value: Value): number => {
  if (typeof value === "number") return value
  if (typeof value === "bigint") return Number(BigInt.asIntN(32, value))
  if (value instanceof Decimal) return Number(BigInt.asIntN(32, whole(value)))
  return clamp(toDouble(value), -2147483648, 2147483647)
}

const clamp = (value: number, least: number, most: number): number =>
  Number.isNaN(value) ? 0 : Math.min(most, Math.max(least, Math.trunc(value))) + 0

export const maxLong = 9223372036854775807n
export const minLong = -9223372036854775808n

/** Like `toInt`, for 64 bits. */
export const toLong = (value: Value): bigint => {
  if (typeof value === "bigint") return value
  if (typeof value === "number") return BigInt(value)
  if (value instanceof Decimal) return BigInt.asIntN(64, whole(value))
  const double = toDouble(value)
  if (Number.isNaN(double)) return 0n
  if (double >= 2 ** 63) return maxLong
  return double <= -(2 ** 63) ? minLong : BigInt(Math.trunc(double))
}

const whole = (value: Decimal): bigint =>
  value.scale > 0 ? value.unscaled / 10n ** BigInt(value.scale) : value.unscaled * 10n ** BigInt(-value.scale)

interface Row {
  readonly int: (left: number, right: number, run: Run) => number
  readonly long: (left: bigint, right: bigint, run: Run) => bigint
  /** Absent if the operator is for integers only. */
  readonly double?: (left: number, right: number) => number
}

const rows: Record<Exclude<Operator, "<<" | ">>" | ">>>">, Row> = {
  "+": { int: (a, b) => (a + b) | 0, long: (a, b) => a + b, double: (a, b) => a + b },
  "-": { int: (a, b) => (a - b) | 0, long: (a, b) => a - b, double: (a, b) => a - b },
  "*": { int: Math.imul, long: (a, b) => a * b, double: (a, b) => a * b },
  "/": {
    int: (a, b, run) => (b === 0 ? byZero(run) : (a / b) | 0),
    long: (a, b, run) => (b === 0n ? byZero(run) : a / b),
    double: (a, b) => a / b,
  },
  "%": {
    int: (a, b, run) => (b === 0 ? byZero(run) : (a % b) | 0),
    long: (a, b, run) => (b === 0n ? byZero(run) : a % b),
    double: (a, b) => a % b,
  },
  "&": { int: (a, b) => a & b, long: (a, b) => a & b },
  "|": { int: (a, b) => a | b, long: (a, b) => a | b },
  "^": { int: (a, b) => a ^ b, long: (a, b) => a ^ b },
}

const byZero = (run: Run): never => run.fail("ArithmeticException", "/ by zero")

const shiftInt = (operator: "<<" | ">>" | ">>>", left: number, by: number): number =>
  operator === "<<" ? left << by : operator === ">>" ? left >> by : (left >>> by) | 0

const shiftLong = (operator: "<<" | ">>" | ">>>", left: bigint, by: bigint): bigint =>
  operator === "<<" ? left << by : operator === ">>" ? left >> by : BigInt.asUintN(64, left) >> by

/** In steps, because 64-bit integers are objects of the host. */
const costOfLong = 3

/** `left operator right`; with a string on either side, `+` concatenates. */
export const apply = (operator: Operator, left: Value, right: Value, run: Run): Value => {
  if (operator === "+" && (typeof left === "string" || typeof right === "string")) return concat(left, right, run)
  if (operator === "<<" || operator === ">>" || operator === ">>>") return shift(operator, left, right, run)
  const rank = Math.min(rankOf(left), rankOf(right)) === 0 ? 0 : Math.max(rankOf(left), rankOf(right))
  const row = rows[operator]
  if (rank === 1) return row.int(toInt(left), toInt(right), run)
  if (rank === 2) {
    run.work(costOfLong)
    return BigInt.asIntN(64, row.long(toLong(left), toLong(right), run))
  }
  if (rank >= 3 && row.double !== undefined) {
    const result = row.double(toDouble(left), toDouble(right))
    return rank === 3 ? new Float(result) : new Double(result)
  }
  if (typeof left === "boolean" && typeof right === "boolean") {
    if (operator === "&") return left && right
    if (operator === "|") return left || right
    if (operator === "^") return left !== right
  }
  return mismatch(operator, left, right, run)
}

const shift = (operator: "<<" | ">>" | ">>>", left: Value, right: Value, run: Run): Value => {
  const rank = rankOf(left)
  if (rank === 0 || rank > 2 || rankOf(right) === 0 || rankOf(right) > 2) return mismatch(operator, left, right, run)
  return rank === 1
    ? shiftInt(operator, toInt(left), toInt(right))
    : BigInt.asIntN(64, shiftLong(operator, toLong(left), toLong(right) & 63n))
}

const mismatch = (operator: string, left: Value, right: Value, run: Run): never =>
  left === null || right === null
    ? run.fail("NullPointerException", `cannot apply [${operator}] to null`)
    : run.fail("ClassCastException", `cannot apply [${operator}] to [${typeOf(left)}] and [${typeOf(right)}]`)

/** Concatenates two texts. */
export const concat = (left: Value, right: Value, run: Run): string => {
  const text = JavaText.of(left, run) + JavaText.of(right, run)
  if (text.length > 128) run.made(text.length)
  return text
}

export const compare = (relation: Relation, left: Value, right: Value, run: Run): boolean => {
  const rank = Math.min(rankOf(left), rankOf(right)) === 0 ? 0 : Math.max(rankOf(left), rankOf(right))
  if (rank === 0) return mismatch(relation, left, right, run)
  return rank === 2
    ? related(relation, toLong(left), toLong(right))
    : related(relation, toDouble(left), toDouble(right))
}

const related = <A extends number | bigint>(relation: Relation, left: A, right: A): boolean =>
  relation === "<" ? left < right : relation === "<=" ? left <= right : relation === ">" ? left > right : left >= right

/** Numeric equality across types, as `==` on `def`; undefined unless both are numbers of the kinds that it compares. */
export const same = (left: Value, right: Value): boolean | undefined => {
  const rank = Math.min(rankOf(left), rankOf(right))
  if (rank === 0) return undefined
  return typeof left === "bigint" && typeof right === "bigint" ? left === right : sameMixed(left, right)
}

const sameMixed = (left: Value, right: Value): boolean =>
  rankOf(left) + rankOf(right) <= 3 ? toLong(left) === toLong(right) : toDouble(left) === toDouble(right)

export const negate = (value: Value, run: Run): Value => {
  if (typeof value === "number") return -value | 0
  if (value instanceof Double) return new Double(-value.value)
  if (value instanceof Float) return new Float(-value.value)
  return apply("-", 0, value, run)
}

/** `~value`. */
export const invert = (value: Value, run: Run): Value => apply("^", value, -1, run)
