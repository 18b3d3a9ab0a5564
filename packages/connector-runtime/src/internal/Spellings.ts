/** How a secret may be written as a whole: the needles that are sought in a text, and the readings of a text in which they are sought. */
import * as Escapes from "./Escapes.ts"
import * as NeedleSearch from "./NeedleSearch.ts"
import { asWritten, type Reading, textOf, unitsOf, Writer } from "./Reading.ts"

/** Texts that are sought together. */
export interface Sought {
  readonly texts: ReadonlyArray<string>
  readonly search: NeedleSearch.NeedleSearch
}

export interface Needles {
  /** As they may stand in a text; the longest first, because one secret may be a part of another. */
  readonly written: Sought
  /** The first characters of each of `written`, few enough that the engine finds them in time whatever they are. */
  readonly heads: ReadonlyArray<string>
  /** As they may stand in a text whose escapes were read once, twice and so on: what looks like an escape in them was read as well. */
  readonly read: ReadonlyArray<Sought>
  /** The escapes that a needle may be written with. */
  readonly marks: RegExp
  /** In small letters; in a text they may have separators between their bytes. */
  readonly hex: Sought
  /** The first bytes of each of `hex`, with separators between them. */
  readonly hexMarks: RegExp | undefined
  /** In a text they may be broken over lines. */
  readonly base64: Sought
}

/** The needles of some secrets. */
export const of = (secrets: ReadonlyArray<string>): Needles => {
  const plain = distinct(secrets.flatMap(plainOf))
  const hex = distinct(plain.map((text) => Buffer.from(text, "utf8").toString("hex")))
  const base64 = distinct([
    ...plain.flatMap((text) => base64Of(Buffer.from(text, "utf8"))),
    ...secrets.flatMap((secret) => {
      const little = Buffer.from(secret, "utf16le")
      const big = Buffer.from(little).swap16()
      // The zero at its end, or at its beginning, is all that tells one order of bytes from the other in most secrets.
      return [little.at(-1) === 0 ? little.subarray(0, -1) : little, big[0] === 0 ? big.subarray(1) : big].flatMap(
        base64Of,
      )
    }),
  ]).filter((text) => text.length >= shortestEncoded)
  const written = distinct([
    ...secrets,
    // A space of a form is a plus sign; its other characters are read like those of a URL.
    ...secrets.filter((secret) => secret.includes(" ")).map((secret) => secret.replaceAll(" ", "+")),
    ...hex,
    ...hex.map((text) => text.toUpperCase()),
    ...base64,
  ])
  const reads: Array<ReadonlyArray<string>> = []
  for (let level = 0; level < Escapes.levels; level++) {
    const before = reads.at(-1) ?? written
    // A short one may stand in any text.
    reads.push(distinct([...before, ...before.map(read).filter((text) => text.length >= shortestEncoded)]))
  }
  return {
    written: sought(written),
    heads: distinct(written.map((text) => text.slice(0, longestHead))),
    read: reads.map(sought),
    marks: Escapes.marksOf(written.join("")),
    hex: sought(hex),
    hexMarks: hex.length === 0 ? undefined : new RegExp(hex.map(beginningOfHex).join("|"), "i"),
    base64: sought(base64),
  }
}

const longestHead = 64

const sought = (texts: ReadonlyArray<string>): Sought => ({ texts, search: NeedleSearch.of(texts) })

const distinct = (texts: ReadonlyArray<string>) => [...new Set(texts)].toSorted((a, b) => b.length - a.length)

const read = (text: string): string => textOf(Escapes.readingOf(asWritten(unitsOf(text)), "loose"))

/** The secret as it may be escaped before it is encoded as hex or base64. Plain escapes are decoded when the text is read. */
const plainOf = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  new URLSearchParams({ "": secret }).toString().slice(1),
]

/** A shorter one may stand in any text. */
const shortestEncoded = 6

const base64Of = (bytes: Buffer): ReadonlyArray<string> => {
  const inside = [0, 1, 2].map((before) => base64Inside(bytes, before))
  return [...inside, ...inside.map((encoded) => encoded.replaceAll("+", "-").replaceAll("/", "_"))]
}

/** Base64 of bytes as it reads inside that of a longer text, which begins so many bytes before: the characters that do not depend on it. */
const base64Inside = (bytes: Buffer, before: number): string => {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64")
  return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6))
}

/** What may stand between two bytes in hex: `7a:6b`, `7a 6b`, `0x7a, 0x6b`. */
const betweenBytes = "[^0-9a-z]{0,4}(?:0x)?"

const beginningOfHex = (hex: string): string => [0, 2, 4, 6].map((at) => hex.slice(at, at + 2)).join(betweenBytes)

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39
const isLetter = (unit: number): boolean => (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a

/** A text without what stands between the bytes of hex, in small letters. */
export const joinedHex = (reading: Reading): Reading => {
  const { units } = reading
  const writer = new Writer(reading)
  for (let at = 0; at < units.length; at++) {
    const unit = units[at] ?? 0
    // Skip the prefix `0x`.
    if (unit === 0x30 && ((units[at + 1] ?? 0) | 0x20) === 0x78) at++
    else if (isDigit(unit)) writer.add(unit, at, at + 1)
    else if (isLetter(unit)) writer.add(unit | 0x20, at, at + 1)
  }
  return writer.reading()
}

/** A text whose lines are joined: without white space, and without the escapes of line breaks. */
export const joinedLines = (reading: Reading): Reading => {
  const { units } = reading
  const writer = new Writer(reading)
  let at = 0
  while (at < units.length) {
    const unit = units[at] ?? 0
    const end = unit === 0x5c ? escapedBreak(units, at) : at
    if (end > at) at = end
    else if (unit <= 0x20) at++
    else writer.add(unit, at, ++at)
  }
  return writer.reading()
}

/** Where an escape of a line break ends that begins at a place, or the place itself. */
const escapedBreak = (units: Uint16Array, from: number): number => {
  let at = from
  while (units[at] === 0x5c) at++
  // `n` and `r`
  return units[at] === 0x6e || units[at] === 0x72 ? at + 1 : from
}

/** So many characters of base64 stand before a line break where a longer one was broken: lines are 64 or 76 long. */
export const shortestLine = 20

/** Whether a text may have base64 that is broken over lines, of which so many characters at least stand before a break. */
export const hasBrokenLines = (text: string, shortest: number): boolean =>
  ["\n", "\\n", "\r", "\\r"].some((mark) => breaksAt(text, mark, shortest))

const breaksAt = (text: string, mark: string, shortest: number): boolean => {
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) {
    let before = at
    while (before > 0 && isBetweenLines(text, before - 1)) before--
    let length = 0
    while (length < shortest && isBase64(text.charCodeAt(before - 1 - length))) length++
    if (length === shortest) return true
  }
  return false
}

/** The carriage return before a line feed, as it is or escaped. */
const isBetweenLines = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  return unit === 0x0d || unit === 0x5c || (unit === 0x72 && text.charCodeAt(at - 1) === 0x5c)
}

const isBase64 = (unit: number): boolean =>
  isDigit(unit) || isLetter(unit) || unit === 0x2b || unit === 0x2f || unit === 0x2d || unit === 0x5f
