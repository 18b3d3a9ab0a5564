/**
 * The characters that escapes stand for, by several rules, because a text does not say what it was written with.
 *
 * The readings are there to compare texts, not to use them.
 */
import { isUtf8 } from "node:buffer"
import { type Reading, textOf, Writer } from "./Reading.ts"

/**
 * At the end of a text: what may be the first part of an escape, or of a character of several bytes. A number and a name of HTML are as
 * long as `longestEntity`.
 */
const unfinished =
  /(?:\\{1,32}(?:u[\da-f]{0,3}|x[\da-f]?)?|%(?:[c-f][\da-f](?:%[89ab][\da-f]){0,2}(?:%[89ab]?)?|[\da-f]?)|&#?\w{0,8})$/i

/** In characters: more than the longest of them. */
const longestUnfinished = 48

/** By the letter after the backslash: b, f, n, r, t. */
const controls: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

/** The names of HTML for what is not a letter of ASCII, as far as they are short; those from U+00A0 to U+00FF stand in order. */
const entities: ReadonlyMap<string, string> = new Map([
  ["Tab", "\t"],
  ["NewLine", "\n"],
  ...`excl ! quot " QUOT " num # dollar $ percnt % amp & AMP & apos ' lpar ( rpar ) ast * midast * plus + comma , period . sol / colon :
  semi ; lt < LT < equals = gt > GT > quest ? commat @ lsqb [ lbrack [ bsol \\ rsqb ] rbrack ] Hat ^ lowbar _ UnderBar _ grave \`
  lcub { lbrace { verbar | vert | rcub } rbrace }`
    .matchAll(/(\w+) (\S)/g)
    .map(([, name = "", character = ""]) => [name, character] as const),
  ...`nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot
  cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave
  Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute
  acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml
  divide oslash ugrave uacute ucirc uuml yacute thorn yuml`
    .split(/\s+/)
    .map((name, at) => [name, String.fromCharCode(0xa0 + at)] as const),
])
const entity = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}[1-4]{0,2}));/i

/** In UTF-16. */
const [backslash, percent, ampersand, hash] = [0x5c, 0x25, 0x26, 0x23] as const

/**
 * What begins an escape of a character that the needles have, or that may begin another escape. Line breaks and quotes are in every
 * text: they are looked at only where a needle has what they stand for. What a text of another script is written with is none.
 */
export const marksOf = (needles: string): RegExp => {
  if (/["\\\b\f\n\r\t]/.test(needles)) return marks
  return /[\u0080-\uffff]/.test(needles)
    ? /\\[^bfnrt"\\]|%[\da-f]{2}|&[#a-z]/i
    : /\\(?:(?:u00|x)[0-7]|[^bfnrtux"\\])|%[0-7][\da-f]|&(?:#|[a-z]{2,8};)/i
}

export const marks = /[\\%&]/

/**
 * How escapes are read. `json`: as in a string of JSON, where each backslash belongs to what is right after it. `strict`: those of URLs and
 * of HTML as well, side by side. `loose`: the same, but backslashes go, however many stand before a character, which reads what was
 * escaped more often than anything counts.
 */
export type Rule = "json" | "strict" | "loose"

/** A text with its escapes read once; the same reading where it has none. */
export const readingOf = (reading: Reading, rule: Rule): Reading =>
  rewritten(reading, rule === "json" ? nextBackslash : nextMark, rule === "loose" ? looseStep : strictStep)

/** Of a text: whether it has any escapes, any of URLs or of HTML, and backslashes side by side. */
export interface Kinds {
  readonly any: boolean
  readonly runs: boolean
  readonly others: boolean
}

export const kindsOf = ({ units }: Reading): Kinds => {
  let any = false
  let runs = false
  let others = false
  for (let at = nextMark(units, 0); at < units.length && !(runs && others); at = nextMark(units, at + 1)) {
    any = true
    if (units[at] !== backslash) others = true
    else if (units[at + 1] === backslash) runs = true
  }
  return { any, runs, others }
}

/** A rule that reads a text as this one does, and is the same for as many as possible. */
export const ruleFor = ({ runs, others }: Kinds, rule: Rule): Rule => {
  if (rule === "loose" || (!runs && (rule === "strict" || !others))) return "loose"
  return others ? rule : "json"
}

type Next = (units: Uint16Array, from: number) => number
/** Reads what begins at a place, and returns where it ends. */
type Step = (units: Uint16Array, from: number, writer: Writer) => number

const rewritten = (reading: Reading, next: Next, step: Step): Reading => {
  const { units } = reading
  let mark = next(units, 0)
  if (mark === units.length) return reading
  const writer = new Writer(reading)
  let at = 0
  while (mark < units.length) {
    if (mark > at) writer.copy(at, mark)
    at = step(units, mark, writer)
    mark = next(units, at)
  }
  writer.copy(at, units.length)
  return writer.reading()
}

const nextMark: Next = (units, from) => {
  let at = from
  for (; at < units.length; at++) {
    const unit = units[at]
    if (unit === backslash || unit === percent || unit === ampersand) return at
  }
  return at
}

const nextBackslash: Next = (units, from) => {
  const at = units.indexOf(backslash, from)
  return at === -1 ? units.length : at
}

const strictStep: Step = (units, from, writer) => {
  const unit = units[from]
  if (unit === percent) return percented(units, from, writer)
  if (unit === ampersand) return named(units, from, writer)
  return slashed(units, from, from + 1, writer)
}

const looseStep: Step = (units, from, writer) => {
  if (units[from] !== backslash) return strictStep(units, from, writer)
  let to = from
  while (units[to] === backslash) to++
  return slashed(units, from, to, writer)
}

/** What the backslashes from one place to another stand for with what is after them. */
const slashed = (units: Uint16Array, from: number, to: number, writer: Writer): number => {
  const after = units[to]
  if (after === undefined) {
    // The last one has nothing after it to stand for.
    writer.add(backslash, from, to)
    return to
  }
  if (beginsOther(after, units[to + 1] ?? 0)) {
    // That is read first, and may be the letter that belongs to the backslash.
    writer.add(backslash, from, to)
    return to
  }
  const digits = digitsAfter(after)
  if (digits === 0) {
    writer.add(controls.get(after) ?? after, from, to + 1)
    return to + 1
  }
  const code = hex(units, to + 1, digits)
  if (code < 0) {
    // Its digits may be escapes.
    writer.add(backslash, from, to)
    return to
  }
  writer.add(code, from, to + 1 + digits)
  return to + 1 + digits
}

/** Whether an escape of a URL or of HTML begins with two units. */
const beginsOther = (unit: number, next: number): boolean =>
  unit === percent ? hexDigit(next) >= 0 : unit === ampersand && (next === hash || (next | 0x20) >= 0x61)

/** How many digits follow a `u` and an `x`, of either case. */
const digitsAfter = (unit: number): number => ((unit | 0x20) === 0x75 ? 4 : (unit | 0x20) === 0x78 ? 2 : 0)

/** A byte, or the bytes of one character in UTF-8. What is neither may become one when the escapes in it are read: it stays. */
const percented: Step = (units, from, writer) => {
  const first = hex(units, from + 1, 2)
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const bytes = Buffer.alloc(length, first)
  for (let at = 1; at < length; at++) {
    const next = from + at * 3
    bytes[at] = units[next] === percent ? Math.max(0, hex(units, next + 1, 2)) : 0
  }
  if (first < 0 || !isUtf8(bytes)) {
    writer.add(percent, from, from + 1)
    return from + 1
  }
  const to = from + length * 3
  if (first < 0x80) writer.add(first, from, to)
  else writer.addAll(bytes.toString("utf8"), from, to)
  return to
}

/** In units. */
const longestEntity = 10

const named: Step = (units, from, writer) => {
  const next = units[from + 1] ?? 0
  if (next !== hash && (next | 0x20) < 0x61) {
    writer.add(ampersand, from, from + 1)
    return from + 1
  }
  const text = String.fromCharCode(...units.subarray(from, from + longestEntity))
  const [whole = "&", decimal, digits, name] = entity.exec(text) ?? []
  writer.addAll(meaning(whole, decimal, digits, name), from, from + whole.length)
  return from + whole.length
}

const meaning = (whole: string, decimal?: string, digits?: string, name?: string): string => {
  if (name !== undefined) return entities.get(name) ?? entities.get(name.toLowerCase()) ?? whole
  if (decimal === undefined && digits === undefined) return whole
  const point = decimal === undefined ? Number.parseInt(digits ?? "", 16) : Number(decimal)
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole
}

/** The number that so many hexadecimal digits write, or -1 where there are not so many. */
const hex = (units: Uint16Array, from: number, digits: number): number => {
  let code = 0
  for (let at = from; at < from + digits; at++) {
    const digit = hexDigit(units[at] ?? 0)
    if (digit < 0) return -1
    code = code * 16 + digit
  }
  return code
}

const hexDigit = (unit: number): number => {
  const letter = unit | 0x20
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** How long a text is without an escape that has not ended. */
export const endedPart = (units: Uint16Array): number => {
  const from = Math.max(0, units.length - longestUnfinished)
  const found = unfinished.exec(textOf({ units: units.subarray(from) }))
  if (found === null) return units.length
  const at = from + found.index
  if (units[at] !== backslash) return at
  let first = at
  while (units[first - 1] === backslash) first--
  // Which of many backslashes belong together, three levels deep, is counted from the first one.
  return at - ((at - first) % 2 ** levels)
}

/** How many escapes inside of each other are read. */
export const levels = 3
