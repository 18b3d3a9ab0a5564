/**
 * The characters that escapes stand for: those of JSON and its kin, of URLs, and of HTML, side by side.
 *
 * It reads texts to compare them, not to use them: backslashes go, however many stand before a character.
 */
import { type Reading, Writer } from "./Reading.ts"

/** At the end of a text: what may be the first part of an escape, or of a character of several bytes. */
const unfinished = /(?:\\{1,32}(?:u[\da-f]{0,3}|x[\da-f]?)?|(?:%[89a-f][\da-f]){1,64}%?[\da-f]?|%[\da-f]?|&#?\w{0,7})$/i

/** By the letter after the backslash: b, f, n, r, t. */
const controls: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])
const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
])
const entity = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/i

/** In UTF-16. */
const [backslash, percent, ampersand, hash] = [0x5c, 0x25, 0x26, 0x23] as const

/**
 * What begins an escape of a character that the needles have, or that may begin another escape. Line breaks and quotes are in every
 * text: they are looked at only where a needle has what they stand for. What a text of another script is written with is none.
 */
export const marksOf = (needles: string): RegExp => {
  if (/["\\\b\f\n\r\t]/.test(needles)) return marks
  return /[\u0080-\uffff]/.test(needles)
    ? /\\[ux]|%[\da-f]{2}|&[#a-z]/i
    : /\\(?:u00|x)[0-7]|%[0-7][\da-f]|&(?:#|(?:amp|lt|gt|quot|apos);)/i
}

export const marks = /[\\%&]/

/** A text with its escapes read once. */
export const readingOf = (reading: Reading): Reading => {
  const { units } = reading
  let mark = nextMark(units, 0)
  if (mark === units.length) return reading
  const writer = new Writer(reading)
  let at = 0
  while (mark < units.length) {
    if (mark > at) writer.copy(at, mark)
    const unit = units[mark]
    if (unit === backslash) at = slashed(units, mark, writer)
    else if (unit === percent) at = percented(units, mark, writer)
    else at = named(units, mark, writer)
    mark = nextMark(units, at)
  }
  writer.copy(at, units.length)
  return writer.reading()
}

const nextMark = (units: Uint16Array, from: number): number => {
  let at = from
  for (; at < units.length; at++) {
    const unit = units[at]
    if (unit === backslash || unit === percent || unit === ampersand) return at
  }
  return at
}

/** Each of these reads what begins at a place, and returns where it ends. */
const slashed = (units: Uint16Array, from: number, writer: Writer): number => {
  let at = from
  while (units[at] === backslash) at++
  const after = units[at]
  if (after === undefined) {
    // The last one has nothing after it to stand for.
    writer.add(backslash, from, at)
    return at
  }
  const digits = digitsAfter(after)
  const code = digits === 0 ? -1 : hex(units, at + 1, digits)
  if (code >= 0) {
    const to = at + 1 + digits
    writer.add(code, from, to)
    return to
  }
  writer.add(controls.get(after) ?? after, from, at + 1)
  return at + 1
}

/** How many digits follow a `u` and an `x`, of either case. */
const digitsAfter = (unit: number): number => ((unit | 0x20) === 0x75 ? 4 : (unit | 0x20) === 0x78 ? 2 : 0)

const percented = (units: Uint16Array, from: number, writer: Writer): number => {
  const first = hex(units, from + 1, 2)
  if (first < 0x80) {
    const to = first < 0 ? from + 1 : from + 3
    writer.add(first < 0 ? percent : first, from, to)
    return to
  }
  const bytes: Array<number> = []
  let at = from
  for (let byte = first; byte >= 0x80; byte = units[at] === percent ? hex(units, at + 1, 2) : -1) {
    bytes.push(byte)
    at += 3
  }
  writer.addAll(Buffer.from(bytes).toString("utf8"), from, at)
  return at
}

/** In units. */
const longestEntity = 10

const named = (units: Uint16Array, from: number, writer: Writer): number => {
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
  if (name !== undefined) return entities.get(name.toLowerCase()) ?? whole
  if (decimal === undefined && digits === undefined) return whole
  const point = decimal === undefined ? Number.parseInt(digits ?? "", 16) : Number(decimal)
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole
}

/** The number that so many hexadecimal digits write, or -1 where there are not so many. */
const hex = (units: Uint16Array, from: number, digits: number): number => {
  let code = 0
  for (let at = from; at < from + digits; at++) {
    const unit = units[at] ?? 0
    const letter = unit | 0x20
    const digit = unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
    if (digit < 0) return -1
    code = code * 16 + digit
  }
  return code
}

/** How long a text is without an escape that has not ended. */
export const endedPart = (text: string): number => unfinished.exec(text)?.index ?? text.length
