/** Parses numbers as Java does. Only `getMessage()` quotes the text, as in Java, because it may be a caller's data. */
import * as Arithmetic from "../run/Arithmetic.ts"
import type { Run } from "../run/Run.ts"
import { Decimal } from "../run/Value.ts"

const invalid = (type: string, run: Run, javaMessage: string): never =>
  run.fail("NumberFormatException", `the text is not a number of type [${type}]`, javaMessage)

const input = (text: string): string => `For input string: "${text}"`

const digitsOf = (text: string, radix: number): boolean => {
  if (text.length > 65) return false
  const alphabet = new Set("0123456789abcdefghijklmnopqrstuvwxyz".slice(0, radix))
  const digits = text.replace(/^[+-]/, "").toLowerCase()
  return digits.length > 0 && [...digits].every((digit) => alphabet.has(digit))
}

/** An integer between `min` and `max`. */
const integer = (text: string, radix: number, type: string, min: bigint, max: bigint, run: Run): bigint => {
  run.work(20)
  const javaMessage = input(text) + (radix === 10 ? "" : ` under radix ${radix}`)
  if (radix < 2 || radix > 36 || !digitsOf(text, radix)) return invalid(type, run, javaMessage)
  let value = 0n
  for (const digit of text.replace(/^[+-]/, "")) value = value * BigInt(radix) + BigInt(Number.parseInt(digit, radix))
  if (text.startsWith("-")) value = -value
  return value < min || value > max ? invalid(type, run, javaMessage) : value
}

export const int = (text: string, radix: number, run: Run): number =>
  Number(integer(text, radix, "int", -2147483648n, 2147483647n, run))

export const long = (text: string, radix: number, run: Run): bigint =>
  integer(text, radix, "long", Arithmetic.minLong, Arithmetic.maxLong, run)

const floating = /^[+-]?(?:NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/

export const double = (text: string, run: Run): number => {
  run.text(text.length)
  const trimmed = text.trim()
  if (!floating.test(trimmed)) return invalid("double", run, trimmed === "" ? "empty String" : input(text))
  return Number(/[fFdD]$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed)
}

/** `BigDecimal`'s message for the first invalid character. */
const unreadable = (text: string): string => {
  const wrong = [...text].find((character) => !/[\d.eE+-]/.test(character))
  return wrong === undefined
    ? "No digits found."
    : `Character ${wrong} is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`
}

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/** At most 1,000 characters and exponents up to ±999, so that no number costs more than its text. */
export const decimal = (text: string, run: Run): Decimal => {
  run.work(20 + text.length)
  const match = text.length <= 1000 ? decimalText.exec(text) : null
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match ?? []
  if (match === null || whole + fraction === "")
    return invalid("BigDecimal", run, text === "" ? "Index 0 out of bounds for length 0" : unreadable(text))
  const unscaled = BigInt(whole + fraction)
  return new Decimal("BigDecimal", sign === "-" ? -unscaled : unscaled, fraction.length - Number(exponent))
}
