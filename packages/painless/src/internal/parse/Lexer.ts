import { fault } from "../Fault.ts"

export interface Token {
  readonly kind: "name" | "keyword" | "number" | "string" | "regex" | "placeholder" | "symbol" | "end"
  /** As written; for a string, its content; for a placeholder, the text after `parameters.`. */
  readonly text: string
  readonly at: number
}

const keywords = new Set(
  "if in else while do for continue break return new try catch throw this instanceof true false null def boolean byte short char int long float double".split(
    " ",
  ),
)

/** Longest first, so that the first match is correct. */
const symbols =
  ">>>= <<= >>= >>> === !== ==~ ?. ?: && || == != <= >= << >> ++ -- += -= *= /= %= &= ^= |= =~ -> :: { } [ ] ( ) . , ; ! ~ * / % + - < > & ^ | ? : =".split(
    " ",
  )

const space = /[ \t\r\n]+|\/\/[^\r\n]*|\/\*[^]*?\*\//y
const name = /[_a-zA-Z][_a-zA-Z0-9]*/y
const number = /0[xX][0-9a-fA-F]+[lL]?|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[lLfFdD]?|0[0-7]+[lL]?/y
const octal = /0[0-7]+[lL]?/y
const plainInteger = /0|[1-9][0-9]*/y
const regex = /\/(?:\\[^\n]|[^/\\\n])+\/[a-zA-Z]*/y
const placeholder = /\$\{parameters\.([^}]*)\}/y

const match = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

/** A name, a closing bracket or a literal: after these, `/` divides and cannot begin a regular expression. */
const endsOperand = (token: Token | undefined): boolean =>
  token !== undefined &&
  (token.kind === "name" ||
    token.kind === "number" ||
    token.kind === "string" ||
    token.kind === "regex" ||
    token.kind === "placeholder" ||
    [")", "]", "++", "--", "true", "false", "null", "this"].includes(token.text))

/** A placeholder is a separate variable, never part of the source. */
const refusePlaceholder = (source: string, at: number, quote: string): void => {
  const found = match(placeholder, source, at)
  if (found !== undefined)
    fault(
      at,
      `[${found}] is not filled in inside a ${quote === "/" ? "regular expression" : "string"}: ${quote === "/" ? "write the pattern itself" : `it contains the text, so end the string before it: ${quote}…${quote} + ${found} + ${quote}…${quote}`}`,
    )
}

/** Only the quote itself and the backslash can be escaped; a string may contain line breaks. */
const string = (source: string, at: number): { readonly text: string; readonly end: number } => {
  const quote = source[at] ?? ""
  let text = ""
  let index = at + 1
  while (source[index] !== quote) {
    const character = source[index]
    if (character === undefined) return fault(at, `this string is never closed: expected ${quote}`)
    const escaped = source[index + 1]
    if (character === "$") refusePlaceholder(source, index, quote)
    if (character === "\\" && escaped !== "\\" && escaped !== quote)
      return fault(
        index,
        `in a string in ${quote} only \\\\ and \\${quote} are escapes; write a line break or a tab directly into the string`,
      )
    text += character === "\\" ? (escaped ?? "") : character
    index += character === "\\" ? 2 : 1
  }
  return { text, end: index + 1 }
}

/**
 * The tokens of a source, followed by an end token. A name after a dot may be any word or a number, as in `a.float` and
 * `a.0`.
 */
export const tokens = (source: string): ReadonlyArray<Token> => {
  const found: Array<Token> = []
  let at = 0
  const push = (kind: Token["kind"], text: string, end: number): void => {
    found.push({ kind, text, at })
    at = end
  }
  while (at < source.length) {
    const skipped = match(space, source, at)
    const last = found.at(-1)
    const afterDot = last?.kind === "symbol" && (last.text === "." || last.text === "?.")
    const word = match(name, source, at)
    const parameter = source[at] === "$" ? match(placeholder, source, at) : undefined
    const pattern =
      source[at] === "/" && skipped === undefined && !endsOperand(last) ? match(regex, source, at) : undefined
    const digits = afterDot ? match(plainInteger, source, at) : (match(octal, source, at) ?? match(number, source, at))
    if (skipped !== undefined) at += skipped.length
    else if (parameter !== undefined)
      push("placeholder", parameter.slice("${parameters.".length, -1), at + parameter.length)
    else if (pattern !== undefined) {
      for (let index = at; index < at + pattern.length; index++)
        if (source[index] === "$") refusePlaceholder(source, index, "/")
      push("regex", pattern, at + pattern.length)
    } else if (word !== undefined) push(!afterDot && keywords.has(word) ? "keyword" : "name", word, at + word.length)
    else if (digits !== undefined) push(afterDot ? "name" : "number", digits, at + digits.length)
    else if (source[at] === '"' || source[at] === "'") {
      const { end, text } = string(source, at)
      push("string", text, end)
    } else {
      const symbol = symbols.find((candidate) => source.startsWith(candidate, at))
      if (symbol === undefined) return fault(at, `unexpected character [${source[at]}]`)
      if (source.startsWith("/*", at)) return fault(at, "this comment is never closed: expected */")
      if (symbol === "/" && !endsOperand(last))
        return fault(at, "this regular expression is never closed: expected / in the same line")
      push("symbol", symbol, at + symbol.length)
    }
  }
  push("end", "the end of the script", source.length)
  return found
}
