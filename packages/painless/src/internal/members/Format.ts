/** The conversions of `String.format` that scripts use: `%s %d %f %.2f %x %c %b %% %n`, with width and `-`, `0`, `,` . */
import * as Arithmetic from "../run/Arithmetic.ts"
import * as JavaText from "../run/JavaText.ts"
import type { Run } from "../run/Run.ts"
import { Char, Decimal, Double, Float, typeOf, type Value } from "../run/Value.ts"
import { rounded } from "./DecimalMembers.ts"

const directive = /%([-0,+]*)(\d{1,3})?(?:\.(\d{1,3}))?([a-zA-Z%])/g

const wrong = (conversion: string, value: Value, run: Run): never =>
  run.fail("IllegalArgumentException", `%${conversion} cannot print [${typeOf(value)}]`)

const isWhole = (value: Value): boolean =>
  Arithmetic.isNumber(value) && !(value instanceof Double || value instanceof Float || value instanceof Decimal)

const hex = (value: Value): string =>
  typeof value === "bigint" ? BigInt.asUintN(64, value).toString(16) : (Arithmetic.toInt(value) >>> 0).toString(16)

const bare = (conversion: string, places: string | undefined, value: Value, run: Run): string => {
  switch (conversion) {
    case "s": {
      const text = JavaText.of(value, run)
      return places === undefined ? text : text.slice(0, Number(places))
    }
    case "b":
      return `${typeof value === "boolean" ? value : value !== null}`
    case "c":
      return value instanceof Char ? JavaText.of(value, run) : wrong(conversion, value, run)
    case "d":
      return isWhole(value) ? JavaText.of(value, run) : wrong(conversion, value, run)
    case "x":
      return isWhole(value) ? hex(value) : wrong(conversion, value, run)
    case "f":
      return value instanceof Double || value instanceof Float
        ? rounded(value.value, Number(places ?? 6), run)
        : wrong(conversion, value, run)
    default:
      return run.fail("IllegalArgumentException", `the conversion %${conversion} is not supported`)
  }
}

const decorate = (text: string, flags: string, width: number): string => {
  const grouped = flags.includes(",") ? text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",") : text
  const signed = flags.includes("+") && !grouped.startsWith("-") ? `+${grouped}` : grouped
  if (flags.includes("-")) return signed.padEnd(width)
  if (!flags.includes("0")) return signed.padStart(width)
  const sign = /^[+-]?/.exec(signed)?.[0] ?? ""
  return sign + signed.slice(sign.length).padStart(width - sign.length, "0")
}

const isFigure = (conversion: string): boolean => conversion === "d" || conversion === "f"

/** `pattern` with each directive replaced by its argument. */
export const apply = (pattern: string, given: ReadonlyArray<Value>, run: Run): string => {
  let next = 0
  let length = 0
  run.text(pattern.length)
  const text = pattern.replace(
    directive,
    (_, flags: string, width: string | undefined, places: string | undefined, conversion: string) => {
      if (conversion === "%") return "%"
      if (conversion === "n") return "\n"
      run.work(20)
      const value = given[next++]
      if (value === undefined) return run.fail("IllegalArgumentException", `no argument for %${conversion}`)
      const filled = decorate(
        bare(conversion, places, value, run),
        isFigure(conversion) ? flags : flags.replace(/[0,+]/g, ""),
        Number(width ?? 0),
      )
      if ((length += filled.length) > run.limits.text) run.text(length)
      return filled
    },
  )
  run.made(text.length)
  return text
}
