/** `BigDecimal` and `BigInteger`. */
import type { Run } from "../run/Run.ts"
import * as JavaText from "../run/JavaText.ts"
import { Decimal } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as NumberText from "./NumberText.ts"
import type { Parameter } from "./MethodParameter.ts"

const self = Method.receiver((value) => value instanceof Decimal)
const { m0, m1 } = Method.on(self)

const operand = (type: Decimal["type"]): Parameter<Decimal> => ({
  type,
  read: (value, run) =>
    value instanceof Decimal
      ? value
      : run.fail("ClassCastException", `a [${type}] can only be combined with a [${type}]`),
})

const power = (exponent: number): bigint => 10n ** BigInt(exponent)

/** Both at the larger of their scales. */
const aligned = (left: Decimal, right: Decimal): readonly [bigint, bigint, number] => {
  const scale = Math.max(left.scale, right.scale)
  return [left.unscaled * power(scale - left.scale), right.unscaled * power(scale - right.scale), scale]
}

/** A product grows with its factors, so its size is counted and limited. */
const multiply = (left: Decimal, right: Decimal, run: Run): Decimal => {
  const product = left.unscaled * right.unscaled
  const digits = product.toString(16).length
  run.work(200 + digits)
  if (Math.abs(left.scale + right.scale) > 2000 || digits > 2000)
    run.fail("ArithmeticException", "the number has too many digits")
  return new Decimal(left.type, product, left.scale + right.scale)
}

const common = (type: Decimal["type"]) => [
  m1("add", type, operand(type), (left, right, run) => {
    const [a, b, scale] = aligned(left, right)
    run.work(scale + 1)
    return new Decimal(left.type, a + b, scale)
  }),
  m1("subtract", type, operand(type), (left, right, run) => {
    const [a, b, scale] = aligned(left, right)
    run.work(scale + 1)
    return new Decimal(left.type, a - b, scale)
  }),
  m1("multiply", type, operand(type), multiply),
  m0("negate", type, (value) => new Decimal(value.type, -value.unscaled, value.scale)),
  m0(
    "abs",
    type,
    (value) => new Decimal(value.type, value.unscaled < 0n ? -value.unscaled : value.unscaled, value.scale),
  ),
  m0("signum", "int", (value) => (value.unscaled < 0n ? -1 : value.unscaled > 0n ? 1 : 0)),
]

const plain = (value: Decimal): string => {
  if (value.scale <= 0) return `${value.unscaled * power(-value.scale)}`
  const digits = `${value.unscaled < 0n ? -value.unscaled : value.unscaled}`.padStart(value.scale + 1, "0")
  return `${value.unscaled < 0n ? "-" : ""}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`
}

export const decimal = Method.table([
  ...common("BigDecimal"),
  m0("scale", "int", (value) => value.scale),
  m0("toPlainString", "String", (value, run) => {
    run.work(Math.abs(value.scale))
    return plain(value)
  }),
])

export const integer = Method.table(common("BigInteger"))

/** Rounded to `places` decimals, half away from zero, as `%.2f` does. */
export const rounded = (value: number, places: number, run: Run): string => {
  run.work(200 + 2 * places)
  const exact = NumberText.decimal(JavaText.ofDouble(value), run)
  const shift = places - exact.scale
  if (shift >= 0) return plain(new Decimal("BigDecimal", exact.unscaled * power(shift), places))
  const half = power(-shift) / 2n
  const unscaled = (exact.unscaled < 0n ? exact.unscaled - half : exact.unscaled + half) / power(-shift)
  return plain(new Decimal("BigDecimal", unscaled, places))
}
