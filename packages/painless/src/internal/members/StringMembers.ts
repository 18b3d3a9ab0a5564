/** `String` and `CharSequence`. */
import { Buffer } from "node:buffer"
import type { Run } from "../run/Run.ts"
import { Char, JavaArray, Stream, StringBuilder } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"
import * as RegexMembers from "./RegexMembers.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => typeof value === "string"))
const int2 = [MethodParameter.int, MethodParameter.int] as const

/** The part from `start` up to `end`, which must be within `text`. */
export const slice = (text: string, start: number, end: number, run: Run): string => {
  if (start < 0 || end > text.length || start > end)
    run.fail("StringIndexOutOfBoundsException", `begin ${start}, end ${end}, length ${text.length}`)
  return text.slice(start, end)
}

export const charAt = (text: string, index: number, run: Run): Char => {
  if (index < 0 || index >= text.length)
    run.fail("StringIndexOutOfBoundsException", `Index ${index} out of bounds for length ${text.length}`)
  return new Char(text.charCodeAt(index))
}

/** Counts a search in a text: its time may be proportional to the product of both lengths. */
export const searched = (text: string, part: string, run: Run): string => {
  run.text(text.length)
  run.work(Math.floor((text.length * part.length) / 128))
  return text
}

/** Replaces every `search` with `by`; the length is checked before anything is built. */
const replace = (text: string, search: string, by: string, run: Run): string => {
  searched(text, search, run)
  const times = search === "" ? text.length + 1 : occurrences(text, search)
  run.work(times)
  run.text(text.length + times * (by.length - search.length))
  const replaced = text.replaceAll(search, by.replaceAll("$", "$$$$"))
  run.made(replaced.length)
  return replaced
}

const occurrences = (text: string, part: string): number => {
  let times = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) times++
  return times
}

const isSpace = (text: string, index: number): boolean => text.charCodeAt(index) <= 32

/** Java's `trim` removes all characters up to U+0020, and no others. */
const trim = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text, start)) start++
  while (end > start && isSpace(text, end - 1)) end--
  return text.slice(start, end)
}

/**
 * Negative, 0 or positive as in Java's `compareTo`: the difference of the first differing characters, otherwise of the
 * lengths.
 */
export const order = (left: string, right: string, run: Run): number => {
  const shared = Math.min(left.length, right.length)
  run.text(shared)
  for (let index = 0; index < shared; index++) {
    const difference = left.charCodeAt(index) - right.charCodeAt(index)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const pieces = (text: string, token: string, limit: number, run: Run): JavaArray => {
  searched(text, token, run)
  const parts: Array<string> = []
  const put = (part: string): void => {
    run.keep(part)
    parts.push(part)
  }
  let from = 0
  const maxSplits = limit > 0 ? limit - 1 : Number.POSITIVE_INFINITY
  let at = token === "" ? -1 : text.indexOf(token)
  while (at >= 0 && parts.length < maxSplits) {
    put(text.slice(from, at))
    from = at + token.length
    at = text.indexOf(token, from)
  }
  put(text.slice(from))
  return new JavaArray("String", parts)
}

const decodeBase64 = (text: string, run: Run): string => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) run.fail("IllegalArgumentException", "the text is not Base64")
  return Buffer.from(text, "base64").toString()
}

/** One item for each UTF-16 code unit, or each code point. */
const codes = (text: string, by: "unit" | "point", run: Run): Stream => {
  run.hold(text.length)
  run.work(text.length)
  const items: Array<number> = []
  if (by === "unit") for (let index = 0; index < text.length; index++) items.push(text.charCodeAt(index))
  else for (const character of text) items.push(character.codePointAt(0) ?? 0)
  return new Stream(items, "IntStream")
}

const made = (text: string, run: Run): string => {
  run.made(text.length)
  return text
}

const scanned = (text: string, run: Run): string => {
  run.text(text.length)
  return text
}

export const table = Method.table([
  m0("length", "int", (self) => self.length),
  m0("isEmpty", "boolean", (self) => self === ""),
  m0("trim", "String", (self, run) => trim(scanned(self, run))),
  m0("toLowerCase", "String", (self, run) => made(scanned(self, run).toLowerCase(), run)),
  m0("toUpperCase", "String", (self, run) => made(scanned(self, run).toUpperCase(), run)),
  m0("toCharArray", "char[]", (self, run) => {
    run.hold(self.length)
    return new JavaArray(
      "char",
      Array.from({ length: self.length }, (_, index) => charAt(self, index, run)),
    )
  }),
  m0("encodeBase64", "String", (self, run) => made(Buffer.from(scanned(self, run)).toString("base64"), run)),
  m0("decodeBase64", "String", (self, run) => made(decodeBase64(scanned(self, run), run), run)),
  m1("charAt", "char", MethodParameter.int, charAt),
  m1(
    "codePointAt",
    "int",
    MethodParameter.int,
    (self, index, run) => self.codePointAt(index) ?? charAt(self, index, run).code,
  ),
  m1("substring", "String", MethodParameter.int, (self, start, run) => slice(self, start, self.length, run)),
  m2("substring", "String", int2, slice),
  m2("subSequence", "CharSequence", int2, slice),
  m1("indexOf", "int", MethodParameter.string, (self, part, run) => searched(self, part, run).indexOf(part)),
  m2("indexOf", "int", [MethodParameter.string, MethodParameter.int], (self, part, from, run) =>
    searched(self, part, run).indexOf(part, from),
  ),
  m1("lastIndexOf", "int", MethodParameter.string, (self, part, run) => searched(self, part, run).lastIndexOf(part)),
  m2("lastIndexOf", "int", [MethodParameter.string, MethodParameter.int], (self, part, from, run) =>
    from < 0 ? -1 : searched(self, part, run).lastIndexOf(part, from),
  ),
  m1("contains", "boolean", MethodParameter.text, (self, part, run) => searched(self, part, run).includes(part)),
  m1("startsWith", "boolean", MethodParameter.string, (self, part, run) => scanned(self, run).startsWith(part)),
  m2(
    "startsWith",
    "boolean",
    [MethodParameter.string, MethodParameter.int],
    (self, part, from, run) => from >= 0 && scanned(self, run).startsWith(part, from),
  ),
  m1("endsWith", "boolean", MethodParameter.string, (self, part, run) => scanned(self, run).endsWith(part)),
  m1("concat", "String", MethodParameter.string, (self, other, run) => {
    run.made(self.length + other.length)
    return self + other
  }),
  m1("compareTo", "int", MethodParameter.string, order),
  m1("compareToIgnoreCase", "int", MethodParameter.string, (self, other, run) =>
    order(scanned(self, run).toUpperCase().toLowerCase(), scanned(other, run).toUpperCase().toLowerCase(), run),
  ),
  m1(
    "equalsIgnoreCase",
    "boolean",
    MethodParameter.any,
    (self, other, run) =>
      typeof other === "string" &&
      scanned(self, run).toUpperCase().toLowerCase() === scanned(other, run).toUpperCase().toLowerCase(),
  ),
  m1("contentEquals", "boolean", MethodParameter.text, (self, other, run) => scanned(self, run) === other),
  m2("replace", "String", [MethodParameter.text, MethodParameter.text], replace),
  m1("splitOnToken", "String[]", MethodParameter.string, (self, token, run) => pieces(self, token, 0, run)),
  m2("splitOnToken", "String[]", [MethodParameter.string, MethodParameter.int], pieces),
])

const sequence = Method.on((value) =>
  value instanceof StringBuilder ? value.text : typeof value === "string" ? value : "",
)

/** The methods of a `CharSequence`, which may be a string or a builder. */
export const charSequence = Method.table([
  sequence.m0("length", "int", (self) => self.length),
  sequence.m1("charAt", "char", MethodParameter.int, charAt),
  sequence.m2("subSequence", "CharSequence", int2, slice),
  sequence.m0("chars", "IntStream", (self, run) => codes(self, "unit", run)),
  sequence.m0("codePoints", "IntStream", (self, run) => codes(self, "point", run)),
  sequence.m2(
    "replaceAll",
    "String",
    [MethodParameter.pattern, MethodParameter.lambda(1)],
    (self, pattern, lambda, run) => RegexMembers.replaced(pattern, self, run, { each: lambda }),
  ),
  sequence.m2(
    "replaceFirst",
    "String",
    [MethodParameter.pattern, MethodParameter.lambda(1)],
    (self, pattern, lambda, run) => RegexMembers.replaced(pattern, self, run, { each: lambda, once: true }),
  ),
])
