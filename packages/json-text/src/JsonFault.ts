/**
 * Finds where a text stops being JSON (RFC 8259). It is called only after a parser has rejected the text, because
 * parsers do not always report the position.
 */
import { afterSpace } from "./JsonScan.ts"
import { afterString as afterClosed } from "./JsonWalk.ts"

const space = /[ \t\n\r]*/y
const bare = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * What may come next: a value, a value or the end of an array, a name, a name or the end of an object, or `,` or an
 * end.
 */
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

// A loop, because a regular expression would keep one backtracking state per character, and a string may have millions.
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

/** How much of a name an error message shows, in characters. */
const shownName = 64

/**
 * The first name that occurs twice in one object of a text that was parsed to `value`. A parser keeps one of two
 * duplicates, so the names in the text are compared only if the text has more names than the value has members.
 */
export const duplicate = (text: string, value: unknown): Fault | undefined => {
  if (namesIn(text) === membersOf(value)) return undefined
  const open: Array<Set<string> | undefined> = []
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x7b) open.push(new Set())
    else if (c === 0x5b) open.push(undefined)
    else if (c === 0x7d || c === 0x5d) open.pop()
    else if (c === 0x22) {
      const end = afterClosed(text, at)
      if (text.charCodeAt(afterSpace(text, end)) === 0x3a) {
        const name: string = JSON.parse(text.slice(at, end))
        const names = open.at(-1)
        if (names?.has(name) === true)
          return fault(at, `Duplicate Object property ${JSON.stringify(name.slice(0, shownName))}`)
        names?.add(name)
      }
      at = end - 1
    }
  }
  return undefined
}

/** The number of names in a JSON text: strings followed by a colon. Text between strings is skipped. */
const namesIn = (text: string): number => {
  let names = 0
  for (let open = text.indexOf('"'); open !== -1;) {
    const end = afterClosed(text, open)
    if (text.charCodeAt(afterSpace(text, end)) === 0x3a) names++
    open = text.indexOf('"', end)
  }
  return names
}

/** The number of members of all objects in a parsed value. */
const membersOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    // Vectors have no members. A list that begins with a number is not walked; if it contains objects, the count is too
    // low and the names are compared.
    if (typeof value[0] === "number") return 0
    for (const item of value) if (typeof item === "object" && item !== null) members += membersOf(item)
    return members
  }
  // A raw number is an object too, but not one of the text.
  if (JSON.isRawJSON(value)) return 0
  for (const member of Object.values(value)) members += 1 + membersOf(member)
  return members
}
