/**
 * A regular expression in a search, which matches whole values: Lucene's syntax, compiled by RE2.
 *
 * Source: https://docs.opensearch.org/latest/query-dsl/term/regexp/
 */
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Result } from "effect"
import * as StoreBounds from "../StoreBounds.ts"
import { type Parsed, refuse } from "./SearchBody.ts"

export interface RegexpOptions {
  readonly case_insensitive?: boolean
  /** `NONE` takes the operators `@` and `"` literally; `ALL`, the default, interprets them. */
  readonly flags?: string
}

/**
 * Fails with `InvalidSearchQuery` if the expression cannot be parsed, or uses an operator that RE2 does not support.
 */
export const parse = (
  text: string,
  { case_insensitive = false, flags = "ALL" }: RegexpOptions,
): Parsed<Pattern.Pattern> => {
  if (text.length > StoreBounds.searchPatternLength)
    return refuse(
      `The length of regex [${text.length}] used in the [regexp] query has exceeded the allowed maximum of [${StoreBounds.searchPatternLength}].`,
      "illegal_argument_exception",
    )
  return Result.flatMap(translated(text, flags.toUpperCase() !== "NONE"), (re2) => {
    const pattern = Pattern.compile(case_insensitive ? `(?i:${re2})` : re2, Pattern.DOTALL)
    return Result.isSuccess(pattern)
      ? Result.succeed(pattern.success)
      : illegal(`[regexp] cannot read [${text}]: ${pattern.failure}`)
  })
}

const illegal = (message: string) => refuse(message, "illegal_argument_exception")

/**
 * Translates the expression to RE2's syntax: `^` and `$` are ordinary characters, `@` is any text, and quoted text is
 * literal.
 */
const translated = (text: string, hasOperators: boolean): Parsed<string> => {
  let re2 = ""
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === "\\") {
      const next = text.charAt(++i)
      if (next === "") return illegal(`[regexp] cannot read [${text}]: it ends with a backslash`)
      re2 += /[dDsSwW]/.test(next) ? `\\${next}` : literal(next)
    } else if (c === "[") {
      const end = endOfClass(text, i)
      if (end === -1) return illegal(`[regexp] cannot read [${text}]: a [ at character ${i + 1} is not closed`)
      re2 += text.slice(i, end + 1)
      i = end
    } else if (c === "^" || c === "$") re2 += literal(c)
    else if (c === "(" && text.charAt(i + 1) === "?")
      return illegal(`[regexp] cannot read [${text}]: [(?] at character ${i + 1} is not an operator`)
    else if (!hasOperators && /[~&#<>@"]/.test(c)) re2 += literal(c)
    else if (c === "@") re2 += ".*"
    else if (c === '"') {
      const end = text.indexOf('"', i + 1)
      if (end === -1) return illegal(`[regexp] cannot read [${text}]: a quote at character ${i + 1} is not closed`)
      re2 += Array.from(text.slice(i + 1, end), literal).join("")
      i = end
    } else if (/[~&#<>]/.test(c))
      return illegal(
        `[regexp] does not support the operator [${c}] at character ${i + 1}. Write [\\${c}] for the character, or set [flags] to [NONE]`,
      )
    else re2 += c
  }
  return Result.succeed(re2)
}

const literal = (text: string): string => (/[\\^$.*+?()[\]{}|]/.test(text) ? `\\${text}` : text)

const endOfClass = (text: string, open: number): number => {
  for (let i = open + 1; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === "\\") i++
    else if (c === "]" && i > open + (text.charAt(open + 1) === "^" ? 2 : 1)) return i
  }
  return -1
}
