/** The natural order of values, and sorting by it or by a comparator. */
import * as Arithmetic from "../run/Arithmetic.ts"
import type { Run } from "../run/Run.ts"
import { Char, Comparator, Decimal, typeOf, type Value } from "../run/Value.ts"
import { order } from "./StringMembers.ts"

/** Like Java's `compareTo`, which requires the same class; numbers are compared across classes. */
export const natural = (left: Value, right: Value, run: Run): number => {
  if (left === null || right === null) return run.fail("NullPointerException", "cannot compare null")
  if (typeof left === "string" && typeof right === "string") return order(left, right, run)
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right)
  if (left instanceof Char && right instanceof Char) return left.code - right.code
  if (left instanceof Decimal && right instanceof Decimal) return decimals(left, right)
  if (!Arithmetic.isNumber(left) || !Arithmetic.isNumber(right))
    return run.fail("ClassCastException", `cannot compare [${typeOf(left)}] with [${typeOf(right)}]`)
  if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0
  return doubles(Arithmetic.toDouble(left), Arithmetic.toDouble(right))
}

/** `Double.compare`: NaN is greatest, and -0.0 is less than 0.0. */
export const doubles = (left: number, right: number): number => {
  if (left < right) return -1
  if (left > right) return 1
  if (Object.is(left, right)) return 0
  if (Number.isNaN(left)) return 1
  return Number.isNaN(right) || Object.is(left, -0) ? -1 : 1
}

const decimals = (left: Decimal, right: Decimal): number => {
  const scale = Math.max(left.scale, right.scale)
  const difference =
    left.unscaled * 10n ** BigInt(scale - left.scale) - right.unscaled * 10n ** BigInt(scale - right.scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Sorts in place, stably; null is the natural order. */
export const sort = (items: Array<Value>, comparator: Comparator | null, run: Run): void => {
  const compare = comparator?.compare ?? natural
  items.sort((left, right) => {
    run.work(1)
    return compare(left, right, run)
  })
}
