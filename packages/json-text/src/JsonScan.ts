/** Strict JSON (RFC 8259) as text: validated in linear time and kept exactly as written. */

/** Values that nest deeper are rejected, so that no parser overflows its stack. */
export const maximumDepth = 512

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** Index of the first character at or after `index` that is not JSON whitespace. */
export const afterSpace = (text: string, index: number): number => {
  for (let i = index; ; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return i
  }
}

const isHex = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)

/** The characters that may follow a backslash, except `u`. */
const isEscaped = new Uint8Array(128)
for (const letter of `"\\/bfnrt`) isEscaped[letter.charCodeAt(0)] = 1

/** Index after the escape whose backslash is at `index`, or -1. */
export const escapeEnd = (text: string, index: number): number => {
  const code = text.charCodeAt(index + 1)
  if (code !== 0x75) return isEscaped[code] === 1 ? index + 2 : -1
  for (let i = index + 2; i < index + 6; i++) if (!isHex(text.charCodeAt(i))) return -1
  return index + 6
}

/** Index after the string whose opening quote is at `index`, or -1. */
export const stringEnd = (text: string, index: number): number => {
  let i = index + 1
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return i + 1
    if (code < 0x20) return -1
    if (code === 0x5c) {
      i = escapeEnd(text, i)
      if (i < 0) return -1
    } else i++
  }
  return -1
}

/** Index after the number, `true`, `false` or `null` at `index`, or -1. */
export const scalarEnd = (text: string, index: number): number => {
  for (const word of ["true", "false", "null"]) if (text.startsWith(word, index)) return index + word.length
  number.lastIndex = index
  return number.test(text) ? number.lastIndex : -1
}

/** Index after the values or members before `close`, or -1. `close` 0 is the end of the text. */
const sequenceEnd = (
  text: string,
  index: number,
  inside: "list" | "object",
  close: number,
  depth: number,
  keys: Array<string> | undefined,
): number => {
  for (let i = index; ;) {
    if (inside === "object") {
      const start = afterSpace(text, i)
      const end = text.charCodeAt(start) === 0x22 ? stringEnd(text, start) : -1
      if (end < 0) return -1
      keys?.push(JSON.parse(text.slice(start, end)))
      i = afterSpace(text, end)
      if (text.charCodeAt(i++) !== 0x3a) return -1
    }
    i = valueEnd(text, afterSpace(text, i), depth)
    if (i < 0) return -1
    i = afterSpace(text, i)
    if (close === 0 ? i === text.length : text.charCodeAt(i) === close) return i
    if (text.charCodeAt(i++) !== 0x2c) return -1
  }
}

/** Index after the JSON value that begins at `index`, or -1. */
const valueEnd = (text: string, index: number, depth: number): number => {
  const code = text.charCodeAt(index)
  if (code === 0x22) return stringEnd(text, index)
  if (code !== 0x7b && code !== 0x5b) return scalarEnd(text, index)
  if (depth === maximumDepth) return -1
  const close = code + 2
  const first = afterSpace(text, index + 1)
  if (text.charCodeAt(first) === close) return first + 1
  const end = sequenceEnd(text, first, code === 0x7b ? "object" : "list", close, depth + 1, undefined)
  return end < 0 ? -1 : end + 1
}

/** Whether the text is one JSON value and nothing else. */
export const isValue = (text: string): boolean => {
  const end = valueEnd(text, afterSpace(text, 0), 0)
  return end >= 0 && afterSpace(text, end) === text.length
}

const beforeSpace = (text: string, index: number): number => {
  let i = index
  while (i > 0 && " \t\r\n".includes(text.charAt(i - 1))) i--
  return i
}

const withoutOuterCommas = (text: string): string => {
  let start = afterSpace(text, 0)
  if (text[start] === ",") start = afterSpace(text, start + 1)
  let end = beforeSpace(text, text.length)
  if (text[end - 1] === ",") end = beforeSpace(text, end - 1)
  return text.slice(start, end)
}

/** Values or members without the enclosing brackets, and the decoded keys of the members. */
export interface Fragment {
  readonly text: string
  readonly keys: ReadonlyArray<string>
}

/**
 * The text as the contents of an array or an object, without one leading and one trailing comma; undefined if it is
 * neither.
 */
export const fragment = (text: string, inside: "list" | "object"): Fragment | undefined => {
  const inner = withoutOuterCommas(text)
  const keys: Array<string> = []
  if (inner === "") return { text: "", keys }
  return sequenceEnd(inner, 0, inside, 0, 0, keys) < 0 ? undefined : { text: inner, keys }
}

/** The same JSON on one line: a raw line break can occur only between tokens. */
export const onOneLine = (json: string): string => json.replace(/[\r\n]/g, " ")
