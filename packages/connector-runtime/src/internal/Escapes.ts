/**
 * The characters that escapes stand for: those of JSON and its kin, of URLs, and of HTML, side by side.
 *
 * It reads texts to compare them, not to use them: backslashes go, however many stand before a character.
 */

/** A text as it reads, and for each of its characters where it is written. */
export interface Reading {
  readonly text: string
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

const escape =
  /\\+(?:u([\da-f]{4})|x([\da-f]{2})|([^]))|((?:%[\da-f]{2})+)|&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi

/** At the end of a text: what may be the first part of an escape, or of a character of several bytes. */
const unfinished = /(?:\\{1,32}(?:u[\da-f]{0,3}|x[\da-f]?)?|(?:%[89a-f][\da-f]){1,64}%?[\da-f]?|%[\da-f]?|&#?\w{0,7})$/i

const controls: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

/** What an escape stands for, from the groups of its match. */
const meaning = (whole: string, ...groups: ReadonlyArray<string | number | undefined>): string => {
  const [unit, byte, after, percent, decimal, hex, entity] = groups.map((group) =>
    group === undefined ? undefined : String(group),
  )
  if (unit !== undefined || byte !== undefined) return String.fromCharCode(Number.parseInt(unit ?? byte ?? "", 16))
  if (after !== undefined) return controls[after] ?? after
  if (percent !== undefined) return Buffer.from(percent.replaceAll("%", ""), "hex").toString("utf8")
  if (entity !== undefined) return entities[entity.toLowerCase()] ?? whole
  const point = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal)
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole
}

/** What begins an escape. Line breaks and quotes are in every text: they are looked at only where a needle has what they stand for. */
export const marksOf = (needles: string): RegExp =>
  /["\\\b\f\n\r\t]/.test(needles) ? marks : /\\[ux/]|%[\da-f]{2}|&[#a-z]/i

export const marks = /[\\%&]/

export const read = (text: string): string => (marks.test(text) ? text.replace(escape, meaning) : text)

export const asWritten = (text: string): Reading => {
  const starts = Array.from({ length: text.length }, (_, at) => at)
  return { text, starts, ends: starts.map((at) => at + 1) }
}

/** The same reading, read once more. */
export const readingOf = (reading: Reading): Reading => {
  if (!marks.test(reading.text)) return reading
  const starts: Array<number> = []
  const ends: Array<number> = []
  let text = ""
  let done = 0
  const add = (said: string, from: number, to: number) => {
    text += said
    for (let i = 0; i < said.length; i++) {
      starts.push(reading.starts[from] ?? 0)
      ends.push(reading.ends[to - 1] ?? 0)
    }
  }
  const plain = (until: number) => {
    for (; done < until; done++) add(reading.text.charAt(done), done, done + 1)
  }
  for (const match of reading.text.matchAll(escape)) {
    const [whole, ...groups] = match
    plain(match.index)
    done += whole.length
    add(meaning(whole, ...groups), match.index, done)
  }
  plain(reading.text.length)
  return { text, starts, ends }
}

/** How long a text is without an escape that has not ended. */
export const endedPart = (text: string): number => unfinished.exec(text)?.index ?? text.length
