/**
 * Finds many needles in one pass over a text: at each place a hash of the last four units says whether any needle has them in its
 * rarest place. From there a needle is compared in both directions, so that a text which repeats a part of one takes no longer.
 * Source: https://en.wikipedia.org/wiki/Rabin%E2%80%93Karp_algorithm#Multiple_pattern_search
 */
import { unitsOf } from "./Reading.ts"

export interface NeedleSearch {
  /** Calls `hit` for each place where a needle stands, from left to right; the same needle does not overlap itself. */
  readonly each: (units: Uint16Array, hit: (at: number, length: number) => void) => void
  /** Where, at the end of a text, something begins that may become a needle; its length where nothing does. */
  readonly beginning: (units: Uint16Array) => number
}

interface Needle {
  readonly units: Uint16Array
  /** Where its rarest four units begin. */
  readonly anchor: number
  /** Where it may stand next in the text that is searched. */
  next: number
}

/** How many units are hashed together. Each takes 4 bits of 16, so that an older one is shifted out. */
const hashed = 4
const bits = 4
const size = 65_536

const grown = (hash: number, unit: number): number => ((hash << bits) ^ unit) & (size - 1)

export const of = (texts: ReadonlyArray<string>): NeedleSearch => {
  const isAnchor = new Uint8Array(size)
  const byHash = new Map<number, Array<Needle>>()
  const short: Array<Uint16Array> = []
  const beginnings = texts.map((text) => beginningOf(unitsOf(text)))
  for (const text of texts) {
    const units = unitsOf(text)
    if (units.length === 0) continue
    if (units.length < hashed) {
      short.push(units)
      continue
    }
    const anchor = rarest(text)
    let hash = 0
    for (let i = 0; i < hashed; i++) hash = grown(hash, units[anchor + i] ?? 0)
    isAnchor[hash] = 1
    byHash.set(hash, [...(byHash.get(hash) ?? []), { units, anchor, next: 0 }])
  }
  return {
    each: (units, hit) => {
      for (const needles of byHash.values()) for (const needle of needles) needle.next = 0
      let hash = 0
      for (let end = 0; end < units.length; end++) {
        hash = grown(hash, units[end] ?? 0)
        if (isAnchor[hash] === 0) continue
        for (const needle of byHash.get(hash) ?? []) {
          const at = end - hashed + 1 - needle.anchor
          if (at < needle.next || !isAt(units, at, needle)) continue
          needle.next = at + needle.units.length
          hit(at, needle.units.length)
        }
      }
      for (const needle of short)
        for (let at = 0; at + needle.length <= units.length; at++)
          if (needle.every((unit, i) => units[at + i] === unit)) hit(at, needle.length)
    },
    beginning: (units) => beginnings.reduce((first, begins) => Math.min(first, begins(units)), units.length),
  }
}

/** Where the four units begin that a text has least often. */
const rarest = (text: string): number => {
  const counts = new Map<string, number>()
  for (let at = 0; at + hashed <= text.length; at++) {
    const gram = text.slice(at, at + hashed)
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  const least = Math.min(...new Set(counts.values()))
  for (const [gram, count] of counts) if (count === least) return text.indexOf(gram)
  return 0
}

/** Looks from the anchor to the left, and then to the right. */
const isAt = (units: Uint16Array, at: number, { units: needle, anchor }: Needle): boolean => {
  if (at + needle.length > units.length) return false
  for (let i = anchor + hashed - 1; i >= 0; i--) if (units[at + i] !== needle[i]) return false
  for (let i = anchor + hashed; i < needle.length; i++) if (units[at + i] !== needle[i]) return false
  return true
}

/**
 * Where the end of a text is the longest beginning of a needle: each unit is looked at a few times at most, whatever repeats itself.
 * Source: https://en.wikipedia.org/wiki/Knuth%E2%80%93Morris%E2%80%93Pratt_algorithm
 */
const beginningOf = (needle: Uint16Array): ((units: Uint16Array) => number) => {
  let borders: Uint32Array | undefined
  const [first] = needle
  return (units) => {
    const from = units.indexOf(first ?? -1, Math.max(0, units.length - needle.length + 1))
    if (from === -1) return units.length
    borders ??= bordersOf(needle)
    let length = 0
    for (let at = from; at < units.length; at++) length = longer(needle, borders, length, units[at] ?? 0)
    return units.length - length
  }
}

/** For each beginning of a needle, how long the longest shorter one is that it ends with. */
const bordersOf = (needle: Uint16Array): Uint32Array => {
  const borders = new Uint32Array(needle.length + 1)
  for (let at = 1; at < needle.length; at++)
    borders[at + 1] = longer(needle, borders, borders[at] ?? 0, needle[at] ?? 0)
  return borders
}

/** How long a beginning is, of which so many units stood before this one. */
const longer = (needle: Uint16Array, borders: Uint32Array, before: number, unit: number): number => {
  let length = before
  while (length > 0 && needle[length] !== unit) length = borders[length] ?? 0
  return needle[length] === unit ? length + 1 : length
}
