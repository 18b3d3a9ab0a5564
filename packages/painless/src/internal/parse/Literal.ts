/** Numbers and literal keywords. */
import * as Arithmetic from "../run/Arithmetic.ts"
import { fault } from "../Fault.ts"
import type { Token } from "./Lexer.ts"
import type { Expression } from "./Syntax.ts"
import * as Regex from "../run/Regex.ts"
import { Double, Float, Pattern, type Value } from "../run/Value.ts"

export const keywords: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
])

const constant = (at: number, type: string, value: Value): Expression => ({ kind: "Constant", at, type, value })

/** `/pattern/flags`, compiled. */
export const pattern = ({ at, text }: Token): Pattern => {
  const end = text.lastIndexOf("/")
  const compiled = Regex.compile(text.slice(1, end), text.slice(end + 1))
  return typeof compiled === "string"
    ? fault(at, `this regular expression cannot be used: ${compiled}`)
    : new Pattern(compiled)
}

/** A number as written, with its suffix; `negative` if a minus precedes it, so that the least int can be written. */
export const number = ({ at, text }: Token, negative: boolean): Expression => {
  const hex = /^0[xX]/.test(text)
  const suffix = hex ? text.slice(-1).replace(/[^lL]/, "") : (/[lLfFdD]$/.exec(text)?.[0] ?? "")
  const digits = text.slice(0, text.length - suffix.length)
  if (!hex && (/[.eE]/.test(digits) || /[fFdD]/.test(suffix))) {
    if (/[lL]/.test(suffix)) return fault(at, "a long cannot have a fraction")
    const value = negative ? -Number(digits) : Number(digits)
    return /[fF]/.test(suffix) ? constant(at, "float", new Float(value)) : constant(at, "double", new Double(value))
  }
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return integer(at, negative ? -size : size, suffix !== "")
}

const integer = (at: number, value: bigint, long: boolean): Expression => {
  if (long) {
    if (BigInt.asIntN(64, value) !== value) return fault(at, "the number does not fit a long")
    return constant(at, "long", value)
  }
  if (BigInt.asIntN(32, value) !== value)
    return fault(
      at,
      value <= Arithmetic.maxLong
        ? "the number does not fit an int: write it with an L"
        : "the number does not fit a long",
    )
  return constant(at, "int", Number(value))
}
