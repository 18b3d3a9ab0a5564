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
  return {
    apply: (text) => {
      const cut = new Cut(text)
      for (const stretches of windows(text, needles)) cut.add(stretches)
      return cut.upTo(text.length)
    },
    applyInTurns: async (text, share) => {
      const cut = new Cut(text)
      for (const stretches of windows(text, needles)) {
        cut.add(stretches)
        // oxlint-disable-next-line no-await-in-loop -- that is what turns are for
        await TimeSlice.next(share)
      }
      return cut.upTo(text.length)
    },
    learn: (secret) => {
      if (learnt.includes(secret)) return
      learnt = [...learnt, secret].slice(-remembered)
      needles = needlesOf([...own, ...learnt])
    },
    flow: () => flowOf(() => needles),
  }
}

const needlesOf = (secrets: ReadonlyArray<string>): Spellings.Needles =>
  Spellings.of(secrets.filter((secret) => secret.length >= shortest))

/** In characters: so much of a text is looked at together, whatever its length, so that memory stays flat. */
export const windowSize = 65_536

/** A part of a text that is taken out. */
type Stretch = readonly [from: number, to: number]

/** The stretches that are needles, a list for each window. The next window begins where one ends with what may be the beginning of a needle. */
function* windows(text: string, needles: Spellings.Needles): Iterable<ReadonlyArray<Stretch>> {
  if (needles.written.texts.length === 0) return
  let from = 0
  /** In characters: how much of a window was a part of the one before it. */
  let again = 0
  for (;;) {
    // What begins may be long: the window grows with it, so that no character is looked at often.
    const to = Math.min(text.length, from + again + Math.max(windowSize, again))
    const isLast = to === text.length
    const start = from
    const window = start === 0 && isLast ? text : text.slice(start, to)
    const { stretches, open } = look(window, needles, {
      isLast,
      shortestLine: Spellings.shortestLine,
      again,
      isStream: false,
    })
    yield stretches.map(([first, end]) => [start + first, start + end])
    if (isLast) return
    again = window.length - open
    from += open
  }
}

/** In characters: what waits is looked at again with each piece. Where it is longer, that is once for many pieces. */
const lookedAtEachTime = 4_096

const flowOf = (needles: () => Spellings.Needles): Flow => {
  let held = ""
  let fresh = ""
  /** In characters: so much of what is held is the end of a stretch that was shown as `***`. */
  let masked = 0
  const shown = (isLast: boolean): string => {
    const text = held + fresh
    // What stood before a line break may have gone on already.
    const { stretches, open } = look(text, needles(), { isLast, shortestLine: 1, again: held.length, isStream: true })
    const cut = new Cut(text, masked)
    cut.add(stretches)
    const clean = cut.upTo(open)
    held = text.slice(open)
    fresh = ""
    masked = Math.max(0, cut.end - open)
    return clean
  }
  return {
    take: (piece) => {
      fresh += piece
      return held.length > lookedAtEachTime && fresh.length < held.length / 16 ? "" : shown(false)
    },
    rest: () => shown(true),
  }
}

interface Circumstances {
  /** Nothing comes after the text. */
  readonly isLast: boolean
  /** In characters: how long what stands before a line break is where base64 is broken over lines. */
  readonly shortestLine: number
  /** In characters: how much of the text was looked at before. What stood before that is not in the text. */
  readonly again: number
  /** A reader waits for what is held back: that is not done for a few characters that are unlikely to become a needle. */
  readonly isStream: boolean
}

interface Found {
  /** All that begin before `open`. */
  readonly stretches: ReadonlyArray<Stretch>
  /** Where, at the end of the text, something begins that may become a needle; its length where nothing does. */
  readonly open: number
}

const look = (text: string, needles: Spellings.Needles, circumstances: Circumstances): Found => {
  const { isLast } = circumstances
  const stretches: Array<Stretch> = []
  // Nearly no text has any: to know that takes the engine a fraction of the time of a search that says where.
  if (needles.heads.some((head) => text.includes(head)))
    needles.written.search.each(unitsOf(text), (at, length) => stretches.push([at, at + length]))
  let open = isLast ? text.length : beginning(text, needles, circumstances)
  for (const [{ units, starts, ends }, { search }, waits] of readings(text, needles, circumstances)) {
    search.each(units, (at, length) => stretches.push([starts[at] ?? 0, ends[at + length - 1] ?? text.length]))
    if (!isLast && waits) open = Math.min(open, starts[search.beginning(units)] ?? open)
  }
  return { stretches: isLast ? stretches : stretches.filter(([start]) => start < open), open }
}

/** The other ways in which a text reads, as far as it has what they are for, what is sought in each, and whether it may begin at the end. */
function* readings(
  text: string,
  needles: Spellings.Needles,
  { isLast, shortestLine, again }: Circumstances,
): Generator<readonly [Reading, Spellings.Sought, boolean]> {
  const isHex = needles.hexMarks?.test(text) === true
  const isBroken =
    Spellings.hasBrokenLines(text, shortestLine) ||
    (again > 0 && Spellings.hasBrokenLines(text.slice(0, again + longestLine), 1))
  const isEscaped = needles.marks.test(text)
  if (!isHex && !isBroken && !isEscaped) return
  const written = asWritten(unitsOf(text))
  if (isHex) yield [Spellings.joinedHex(written), needles.hex, false]
  if (isBroken) yield [Spellings.joinedLines(written), needles.base64, false]
  if (isEscaped) yield* escapeReadings(written, needles, isBroken, isLast)
}

/** The readings of a text's escapes, level by level, by each rule. */
function* escapeReadings(
  written: Reading,
  needles: Spellings.Needles,
  isBroken: boolean,
  isLast: boolean,
): ReturnType<typeof readings> {
  let before = rules.map(() => (isLast ? written : endedPart(written)))
  for (const [level, sought] of needles.read.entries()) {
    const kinds = new Map([...new Set(before)].map((reading) => [reading, Escapes.kindsOf(reading)]))
    const after: Array<Reading> = []
    for (const [at, reading] of before.entries()) {
      const kind = kinds.get(reading)
      const rule = rules[at]
      if (kind?.any !== true || rule === undefined) {
        after.push(reading)
        continue
      }
      const used = Escapes.ruleFor(kind, rule)
      // Most texts read the same by all rules.
      const same = rules.indexOf(used)
      if (same < at && before[same] === reading) after.push(after[same] ?? reading)
      else {
        const read = Escapes.readingOf(reading, used)
        after.push(isLast ? read : endedPart(read))
      }
    }
    for (const [at, reading] of after.entries()) {
      if (after.indexOf(reading) < at || (reading === before[at] && level > 0)) continue
      yield [reading, rules[at] === "json" ? needles.written : sought, true]
      if (isBroken && level === 0) yield [Spellings.joinedLines(reading), needles.base64, false]
    }
    if (after.every((reading, at) => reading === before[at])) {
      yield* [...new Set(after)].map((reading) => [reading, needles.read.at(-1) ?? sought, true] as const)
      return
    }
    before = after
  }
}

/** The first ones are those that others are the same as most often. */
const rules: ReadonlyArray<Escapes.Rule> = ["loose", "json", "strict"]

/** What an escape that has not ended stands for is not known: it waits, and is not read. */
const endedPart = (reading: Reading): Reading => {
  const { units } = reading
  const end = Escapes.endedPart(units)
  return end === units.length ? reading : { ...reading, units: units.subarray(0, end) }
}

/** Where, at the end of a text, something begins that may become a needle or an escape; its length where nothing does. */
const beginning = (text: string, needles: Spellings.Needles, { isStream }: Circumstances): number => {
  const { written, hex, base64 } = needles
  const skipped = Math.max(0, text.length - longest(written) * widestSeparated)
  const whole = asWritten(unitsOf(text.slice(skipped)))
  const ended = endedPart(whole)
  const end = textOf(ended)
  let open = Math.min(ended.units.length, ...[whole, ended].map(({ units }) => written.search.beginning(units)))
  const joint = (reading: Reading, sought: Spellings.Sought) => {
    const at = sought.search.beginning(reading.units)
    const start = reading.starts[at] ?? open
    const found = reading.units.length - at
    // A few characters that stand together are found as they are written.
    if (!isStream || found >= telling || (found >= 2 && end.length - start > found)) open = Math.min(open, start)
  }
  if (lineBreak.test(end)) {
    joint(Spellings.joinedLines(ended), base64)
    if (needles.marks.test(end)) joint(Spellings.joinedLines(Escapes.readingOf(ended, "loose")), base64)
  }
  if (endOfHex.test(end.slice(-longestEnd))) {
    joint(Spellings.joinedHex(ended), hex)
    // A last zero may be the first half of the prefix `0x`.
    if (end.endsWith("0")) joint(Spellings.joinedHex({ ...ended, units: ended.units.subarray(0, -1) }), hex)
  }
  if (Escapes.marks.test(end) && !needles.marks.test(text))
    for (const [{ units, starts }, { search }, waits] of escapeReadings(whole, needles, false, false))
      if (waits) open = Math.min(open, starts[search.beginning(units)] ?? open)
  return skipped + open
}

const longest = ({ texts: [text = ""] }: Spellings.Sought): number => text.length

/** In characters, of a character of hex with what stands around it. */
const widestSeparated = 6

/** In characters: a line of base64 is 76 long, and its end may be escaped. */
const longestLine = 96

/** A byte of hex, and what may stand between it and the next. */
const endOfHex = /[\da-f][\da-f]?(?:[^\da-z]{0,4}(?:0x?)?)$/i
const longestEnd = 8
const lineBreak = /[\r\n]|\\[rn]/

/** In characters: two bytes of hex, which any text may have. */
const telling = 4

/** A text from which stretches are cut, those of one window after those of another. */
class Cut {
  readonly #text: string
  #parts: Array<string> = []
  /** Where the last stretch ends that is cut. */
  end = 0
  /** The last stretch, which one of the next window may go on. */
  #open: Stretch | undefined
  /** So many characters at the beginning of the text are the end of a stretch that is cut already. */
  readonly #masked: number

  constructor(text: string, masked = 0) {
    this.#text = text
    this.#masked = masked
    if (masked > 0) this.#open = [0, masked]
  }

  add(stretches: ReadonlyArray<Stretch>): void {
    if (stretches.length === 0) return
    for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
      const open = this.#open
      if (open !== undefined && from < open[1]) this.#open = [open[0], Math.max(open[1], to)]
      else {
        this.#close()
        this.#open = [from, to]
      }
    }
  }

  /** The text up to a place, without what is cut; the same text where that is nothing. */
  upTo(end: number): string {
    this.#close()
    const rest = this.end === 0 && end === this.#text.length ? this.#text : this.#text.slice(this.end, end)
    return this.#parts.length === 0 ? rest : this.#parts.join("") + rest
  }

  #close(): void {
    if (this.#open === undefined) return
    const [from, to] = this.#open
    this.#open = undefined
    if (from > 0 || this.#masked === 0) this.#parts.push(this.#text.slice(this.end, from), "***")
    this.end = to
  }
}
