/**
 * Takes a connector's secrets out of what its platform says: platforms repeat keys in their complaints, as they are or encoded.
 * What is taken out reads `***`.
 */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Redacted } from "effect"
import * as Escapes from "../internal/Escapes.ts"

export interface SecretMask {
  /** The text without any of the secrets; the same text where it has none. */
  readonly apply: (text: string) => string
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
  const apply = (text: string) => without(text, needles)
  return {
    apply,
    learn: (secret) => {
      if (learnt.includes(secret)) return
      learnt = [...learnt, secret].slice(-remembered)
      needles = needlesOf([...own, ...learnt])
    },
    flow: () => {
      let held = ""
      return {
        take: (piece) => {
          const clean = apply(held + piece)
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

interface Needles {
  /** As they may stand in a text; the longest first, because one secret may be a part of another. */
  readonly written: ReadonlyArray<string>
  /** As they may stand in a text that was read once, and twice: `Escapes.read` */
  readonly read: readonly [ReadonlyArray<string>, ReadonlyArray<string>]
  /** The escapes that a needle may be written with. */
  readonly marks: RegExp
}

const needlesOf = (secrets: ReadonlyArray<string>): Needles => {
  const written = distinct(secrets.filter((secret) => secret.length >= shortest).flatMap(spellingsOf))
  const once = distinct([...written, ...written.map(Escapes.read)])
  const twice = distinct([...once, ...once.map(Escapes.read)])
  return { written, read: [once, twice], marks: Escapes.marksOf(written.join("")) }
}

const distinct = (texts: ReadonlyArray<string>) => [...new Set(texts)].toSorted((a, b) => b.length - a.length)

/** Escapes of single characters are no spellings of their own: a text is looked at as it reads, too. */
const spellingsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  ...distinct([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
  ]).flatMap(encodingsOf),
]

const encodingsOf = (text: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(text, "utf8")
  const base64 = [0, 1, 2].map((before) => base64Inside(bytes, before))
  const forUrls = base64.map((encoded) => encoded.replaceAll("+", "-").replaceAll("/", "_"))
  return [bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...base64, ...forUrls]
}

/** Base64 of bytes as it reads inside that of a longer text, which begins so many bytes before: the characters that do not depend on it. */
const base64Inside = (bytes: Buffer, before: number): string => {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64")
  return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6))
}

const without = (text: string, needles: Needles): string => {
  let clean = text
  for (const needle of needles.written) if (clean.includes(needle)) clean = clean.replaceAll(needle, "***")
  if (!needles.marks.test(clean)) return clean
  let shown = clean
  for (const sought of needles.read) {
    shown = Escapes.read(shown)
    if (sought.some((needle) => shown.includes(needle))) return cut(clean, needles.read)
  }
  return clean
}

/** The text without the stretches that read as a needle. */
const cut = (text: string, read: Needles["read"]): string => {
  const stretches: Array<readonly [from: number, to: number]> = []
  let reading = Escapes.asWritten(text)
  for (const needles of read) {
    reading = Escapes.readingOf(reading)
    for (const needle of needles)
      for (let at = reading.text.indexOf(needle); at !== -1; at = reading.text.indexOf(needle, at + needle.length))
        stretches.push([reading.starts[at] ?? 0, reading.ends[at + needle.length - 1] ?? text.length])
  }
  let clean = ""
  let done = 0
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    if (from >= done) clean += `${text.slice(done, from)}***`
    done = Math.max(done, to)
  }
  return clean + text.slice(done)
}

/** An escape is up to 6 characters for one, and may be escaped itself. */
const widest = 12

/** Where, at the end of a text, something begins that may become a needle; its length where nothing does. */
const beginning = (text: string, { read: [once, twice] }: Needles): number => {
  const skipped = Math.max(0, text.length - (twice[0]?.length ?? 0) * widest)
  const end = text.slice(skipped)
  if (!Escapes.marks.test(end)) return skipped + beginningIn(end, twice)
  let reading = Escapes.asWritten(end)
  let first = reading.text.length
  for (const needles of [once, once, twice]) {
    const { text: said, starts } = reading
    // What an escape that has not ended stands for is not known: it waits, and is not read.
    const ended = said.slice(0, Escapes.endedPart(said))
    first = Math.min(first, starts[beginningIn(ended, needles)] ?? first)
    reading = Escapes.readingOf({ ...reading, text: ended })
  }
  return skipped + first
}

const beginningIn = (text: string, needles: ReadonlyArray<string>): number => {
  let at = Math.max(0, text.length - (needles[0]?.length ?? 0))
  while (at < text.length && !needles.some((needle) => needle.startsWith(text.slice(at)))) at++
  return at
}
