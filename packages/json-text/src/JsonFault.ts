/** Where a text stops being JSON (RFC 8259). Only asked for once a parser has refused it: parsers do not always say. */

const space = /[ \t\n\r]*/y
const bare = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** What may come next: a value, a value or the end of a list, a name, a name or the end of an object, `,` or an end. */
type Expectation = "value" | "valueOrEnd" | "name" | "nameOrEnd" | "next"

export interface Fault {
  readonly offset: number
  readonly message: string
}

export const find = (text: string): Fault => {
  const closers: Array<"]" | "}"> = []
  let expected: Expectation = "value"
  let at = after(space, text, 0)
  while (at < text.length) {
    const c = text[at]
    const closer = closers.at(-1)
    if (expected === "next") {
      if (closer === undefined) return fault(at, "unexpected text after the end of the document")
      if (c === ",") expected = closer === "]" ? "value" : "name"
      else if (c === closer) closers.pop()
      else return fault(at, `expected "," or "${closer}"`)
      at++
    } else if ((expected === "valueOrEnd" || expected === "nameOrEnd") && c === closer) {
      closers.pop()
      expected = "next"
      at++
    } else if (expected === "name" || expected === "nameOrEnd") {
      const end = afterString(text, at)
      const colon = after(space, text, end)
      if (end === at) return fault(at, c === "}" ? `a trailing "," before "}"` : "expected a name in double quotes")
      if (text[colon] !== ":") return fault(colon, `expected ":" after a name`)
      expected = "value"
      at = colon + 1
    } else if (c === "[" || c === "{") {
      closers.push(c === "[" ? "]" : "}")
      expected = c === "[" ? "valueOrEnd" : "nameOrEnd"
      at++
    } else {
      const end = c === '"' ? afterString(text, at) : after(bare, text, at)
      if (end === at)
        return fault(at, c === '"' ? broken(text, at) : c === "]" ? `a trailing "," before "]"` : "expected a value")
      expected = "next"
      at = end
    }
    at = after(space, text, at)
  }
  return fault(text.length, "the text ends before the document does")
}

const fault = (offset: number, message: string): Fault => ({ offset, message })

const after = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

// A loop, because a pattern would keep a way back for each character of a string that may have millions.
const afterString = (text: string, open: number): number => {
  if (text[open] !== '"') return open
  for (let at = open + 1; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) return at + 1
    if (c < 0x20) return open
    if (c !== 0x5c) continue
    const end = after(escape, text, at)
    if (end === at) return open
    at = end - 1
  }
  return open
}

const broken = (text: string, open: number): string =>
  text.indexOf('"', open + 1) === -1
    ? "this string is not closed"
    : "this string holds a raw line break, another control character or an unknown escape"
