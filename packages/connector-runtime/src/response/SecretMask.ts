/**
 * Takes a connector's secrets out of what its platform says: platforms repeat keys in their complaints, as they are or encoded.
 * What is taken out reads `***`.
 */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Redacted } from "effect"
import * as Escapes from "../internal/Escapes.ts"
import { asWritten, type Reading, textOf, unitsOf } from "../internal/Reading.ts"
import * as Spellings from "../internal/Spellings.ts"
import type { Share } from "@drawbar/egress/Share"
import * as TimeSlice from "@drawbar/egress/TimeSlice"

export interface SecretMask {
  /** The text without any of the secrets; the same text where it has none. */
  readonly apply: (text: string) => string
  /** As `apply`, with turns of the event loop between the parts of a long text. */
  readonly applyInTurns: (text: string, share?: Share) => Promise<string>
  /** Adds a secret that came later, such as a token; of these the last few are remembered. */
  readonly learn: (secret: string) => void
  /** For a text that comes in pieces. */
  readonly flow: () => Flow
}

export interface Flow {
  /** What may be shown so far: what could be the beginning of a secret waits for the next piece. */
  readonly take: (piece: string) => string
  /** What still waits, when no more comes. */
  readonly rest: () => string
}

/** For an answer that no secret went out for. */
export const none: SecretMask = {
  apply: (text) => text,
  applyInTurns: (text) => Promise.resolve(text),
  learn: () => {},
  flow: () => ({ take: (piece) => piece, rest: () => "" }),
}

/** Shorter ones are words that any text may hold. */
export const shortest = 6

/** A token that was replaced may still be in an answer that is on its way. */
const remembered = 8

export const make = (credential: Credential): SecretMask =>
  of(Object.values(credential).map((secret) => Redacted.value(secret)))

export const of = (own: ReadonlyArray<string>): SecretMask => {
  let learnt: ReadonlyArray<string> = []
  let needles = needlesOf(own)
  const masked = (text: string, shortestLine: number) => {
    const cut = new Cut(text)
    for (const stretches of windows(text, needles, shortestLine)) cut.add(stretches)
    return cut.rest()
  }
  const apply = (text: string) => masked(text, Spellings.shortestLine)
  return {
    apply,
    applyInTurns: async (text, share) => {
      const cut = new Cut(text)
      for (const stretches of windows(text, needles, Spellings.shortestLine)) {
        cut.add(stretches)
        // oxlint-disable-next-line no-await-in-loop -- that is what turns are for
        await TimeSlice.next(share)
      }
      return cut.rest()
    },
    learn: (secret) => {
      if (learnt.includes(secret)) return
      learnt = [...learnt, secret].slice(-remembered)
      needles = needlesOf([...own, ...learnt])
    },
    flow: () => {
      let held = ""
      return {
        take: (piece) => {
          // What stood before a line break may have gone on already.
          const clean = masked(held + piece, 1)
          const end = beginning(clean, needles)
          held = clean.slice(end)
          return clean.slice(0, end)
        },
        rest: () => {
          const rest = held
          held = ""
          return rest
        },
      }
    },
  }
}

const needlesOf = (secrets: ReadonlyArray<string>): Spellings.Needles =>
  Spellings.of(secrets.filter((secret) => secret.length >= shortest))

/** In characters: so much of a text is looked at together, whatever its length, so that memory stays flat. */
export const windowSize = 65_536

/** An escape is up to 6 characters for one, and may be escaped itself. */
const widest = 12

const reachOf = ({ read: [, twice] }: Spellings.Needles): number => (twice.texts[0]?.length ?? 0) * widest

/** A part of a text that is taken out. */
type Stretch = readonly [from: number, to: number]

/** The stretches that are needles, a list for each window. Windows overlap, so that no needle is cut in two. */
function* windows(text: string, needles: Spellings.Needles, shortestLine: number): Iterable<ReadonlyArray<Stretch>> {
  if (needles.written.texts.length === 0) return
  const overlap = reachOf(needles)
  for (let from = 0; from < text.length; from += windowSize) {
    const size = windowSize + overlap
    const window = from === 0 && text.length <= size ? text : text.slice(from, from + size)
    const isLast = from + size >= text.length
    // What begins in the overlap is found by the next window.
    yield found(window, needles, shortestLine)
      .filter(([start]) => isLast || start < windowSize)
      .map(([start, end]) => [from + start, from + end])
    if (isLast) return
  }
}

const found = (text: string, needles: Spellings.Needles, shortestLine: number): Array<Stretch> => {
  const stretches: Array<Stretch> = []
  // Nearly no text has any: to know that takes the engine a fraction of the time of a search that says where.
  if (needles.heads.some((head) => text.includes(head)))
    needles.written.search.each(unitsOf(text), (at, length) => stretches.push([at, at + length]))
  for (const [{ units, starts, ends }, { search }] of readings(text, needles, shortestLine))
    search.each(units, (at, length) => stretches.push([starts[at] ?? 0, ends[at + length - 1] ?? text.length]))
  return stretches
}

/** The other ways in which a text reads, as far as it has what they are for, and what is sought in each. */
function* readings(
  text: string,
  { marks, hexMarks, hex, base64, read }: Spellings.Needles,
  shortestLine: number,
): Iterable<readonly [Reading, Spellings.Sought]> {
  const isHex = hexMarks?.test(text) === true
  const isBroken = Spellings.hasBrokenLines(text, shortestLine)
  const isEscaped = marks.test(text)
  if (!isHex && !isBroken && !isEscaped) return
  let reading = asWritten(unitsOf(text))
  if (isHex) yield [Spellings.joinedHex(reading), hex]
  if (isBroken) yield [Spellings.joinedLines(reading), base64]
  if (!isEscaped) return
  for (const sought of read) {
    reading = Escapes.readingOf(reading)
    yield [reading, sought]
  }
}

/** A text from which stretches are cut, those of one window after those of another. */
class Cut {
  readonly #text: string
  #parts: Array<string> = []
  #done = 0
  /** The last stretch, which one of the next window may go on. */
  #open: Stretch | undefined

  constructor(text: string) {
    this.#text = text
  }

  add(stretches: ReadonlyArray<Stretch>): void {
    if (stretches.length === 0) return
    for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
      const open = this.#open
      if (open !== undefined && from < open[1]) this.#open = [Math.min(open[0], from), Math.max(open[1], to)]
      else {
        this.#close()
        this.#open = [from, to]
      }
    }
  }

  rest(): string {
    this.#close()
    return this.#parts.length === 0 ? this.#text : this.#parts.join("") + this.#text.slice(this.#done)
  }

  #close(): void {
    if (this.#open === undefined) return
    const [from, to] = this.#open
    this.#open = undefined
    this.#parts.push(this.#text.slice(this.#done, from), "***")
    this.#done = to
  }
}

/** Where, at the end of a text, something begins that may become a needle; its length where nothing does. */
const beginning = (text: string, needles: Spellings.Needles): number => {
  const [once, twice] = needles.read
  const skipped = Math.max(0, text.length - reachOf(needles))
  const end = text.slice(skipped)
  const joined = beginningOfJoined(end, needles)
  if (!Escapes.marks.test(end)) return skipped + Math.min(joined, beginningIn(end, twice))
  let reading = asWritten(unitsOf(end))
  let first = joined
  for (const sought of [once, once, twice]) {
    const { units, starts } = reading
    const said = textOf(reading)
    // What an escape that has not ended stands for is not known: it waits, and is not read.
    const ended = said.slice(0, Escapes.endedPart(said))
    const at = beginningIn(ended, sought)
    if (at < units.length) first = Math.min(first, starts[at] ?? first)
    reading = Escapes.readingOf({ ...reading, units: units.subarray(0, ended.length) })
  }
  return skipped + first
}

/** The same for what may have separators or line breaks in it, as far as the end of the text looks like that. */
const beginningOfJoined = (end: string, { hex, base64 }: Spellings.Needles): number => {
  const isHex = endOfHex.test(end.slice(-longestEnd))
  const isBroken = lineBreak.test(end)
  if (!isHex && !isBroken) return end.length
  const written = asWritten(unitsOf(end))
  const inLines = isBroken ? beginningOfJoint(Spellings.joinedLines(written), base64, end.length) : end.length
  if (!isHex) return inLines
  const inHex = beginningOfJoint(Spellings.joinedHex(written), hex, end.length)
  // A last zero may be the first half of the prefix `0x`.
  const before = end.endsWith("0") ? asWritten(unitsOf(end.slice(0, -1))) : undefined
  const inPrefixed = before === undefined ? end.length : beginningOfJoint(Spellings.joinedHex(before), hex, end.length)
  return Math.min(inHex, inLines, inPrefixed)
}

/** A byte of hex, and what may stand between it and the next. */
const endOfHex = /[\da-f][\da-f]?(?:[^\da-z]{0,4}(?:0x?)?)$/i
const longestEnd = 8
const lineBreak = /[\r\n]|\\[rn]/

/** In characters: two bytes of hex, which any text may have. */
const telling = 4

const beginningOfJoint = (reading: Reading, sought: Spellings.Sought, length: number): number => {
  const said = textOf(reading)
  const at = beginningIn(said, sought)
  const start = at < said.length ? (reading.starts[at] ?? length) : length
  const found = said.length - at
  // A few characters that stand together are found as they are written.
  return found >= telling || (found >= 2 && length - start > found) ? start : length
}

const beginningIn = (text: string, { texts }: Spellings.Sought): number => {
  let at = Math.max(0, text.length - (texts[0]?.length ?? 0))
  while (at < text.length && !texts.some((needle) => needle.startsWith(text.slice(at)))) at++
  return at
}
