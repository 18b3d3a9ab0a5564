/** A wildcard pattern: `*` is any run of characters, `?` is one, `\` takes the next as it is. */
import * as StoreBounds from "../StoreBounds.ts"

/** Literal runs with `any` and `one` between them; no two `any` stand side by side. */
export type SearchPattern = ReadonlyArray<{ readonly literal: string } | "any" | "one">

/** In characters, of what clients send: each costs a bit of work for each character of what it is held against. */
export const longest = StoreBounds.searchPatternLength

export const parse = (text: string): SearchPattern => {
  const parts: Array<SearchPattern[number]> = []
  let literal = ""
  const close = () => {
    if (literal !== "") parts.push({ literal })
    literal = ""
  }
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === "\\" && i + 1 < text.length) literal += text.charAt(++i)
    else if (c === "?") {
      close()
      parts.push("one")
    } else if (c === "*") {
      close()
      if (parts.at(-1) !== "any") parts.push("any")
    } else literal += c
  }
  close()
  return parts
}

/** Everything that begins with the text. */
export const startingWith = (text: string): SearchPattern => (text === "" ? ["any"] : [{ literal: text }, "any"])

/** The text that all matches begin with: an index can look there. */
export const literalStart = (pattern: SearchPattern): string => {
  const [first] = pattern
  return typeof first === "object" ? first.literal : ""
}

/** Whether the whole text matches; linear in the text for a pattern of bounded length. */
export const matches = (pattern: SearchPattern, text: string): boolean => {
  const set = PatternSet.of([pattern])
  return set.accepts(set.advance(set.start, text))
}

/** Where each of several patterns stands in a text: one bit for each place in each pattern. */
export type Places = Uint32Array

/**
 * Several patterns that are matched at once, character by character, without ever going back: each character costs one pass over
 * the bits, whatever the patterns and the text are. What was read of a text is kept as `Places`, so that texts which begin alike
 * share that work.
 *
 * Source: https://doi.org/10.1145/135239.135244 (Shift-And)
 */
export class PatternSet {
  readonly start: Places
  /** By character, the places that it leads on from; `other` for a character that no pattern names. */
  readonly #leadOn = new Map<string, Uint32Array>()
  readonly #other: Uint32Array
  /** The places at a `*`, which every character leaves where they are. */
  readonly #loops: Uint32Array
  readonly #ends: Uint32Array

  private constructor(patterns: ReadonlyArray<SearchPattern>) {
    const all = patterns.map(stepsOf)
    const bits = all.reduce((sum, { steps }) => sum + steps.length + 1, 0)
    const empty = () => new Uint32Array(Math.ceil(bits / 32))
    this.start = empty()
    this.#other = empty()
    this.#loops = empty()
    this.#ends = empty()
    let first = 0
    const literals: Array<readonly [character: string, place: number]> = []
    for (const { steps, loops } of all) {
      set(this.start, first)
      set(this.#ends, first + steps.length)
      for (const at of loops) set(this.#loops, first + at)
      for (const [i, step] of steps.entries()) {
        if (step === undefined) set(this.#other, first + i)
        else literals.push([step, first + i])
      }
      first += steps.length + 1
    }
    for (const [character] of literals)
      if (!this.#leadOn.has(character)) this.#leadOn.set(character, this.#other.slice())
    for (const [character, place] of literals) set(this.#leadOn.get(character) ?? empty(), place)
  }

  static readonly of = (patterns: ReadonlyArray<SearchPattern>): PatternSet => new PatternSet(patterns)

  /** The places after some more of a text. */
  readonly advance = (places: Places, text: string): Places => {
    let now: Places = places
    let spare: Places = new Uint32Array(places.length)
    let isOwn = false
    for (const character of text) {
      const leadOn = this.#leadOn.get(character) ?? this.#other
      let carried = 0
      for (let word = 0; word < now.length; word++) {
        const moving = (now[word] ?? 0) & (leadOn[word] ?? 0)
        spare[word] = (moving << 1) | carried | ((now[word] ?? 0) & (this.#loops[word] ?? 0))
        carried = moving >>> 31
      }
      const read = now
      now = spare
      // The places of the caller stay as they are.
      spare = isOwn ? read : new Uint32Array(places.length)
      isOwn = true
    }
    return now
  }

  /** Whether one of the patterns matches what was read. */
  readonly accepts = (places: Places): boolean => this.#ends.some((ends, word) => (ends & (places[word] ?? 0)) !== 0)

  /** What it costs to read a text, in steps: the words of its places for each character. */
  readonly cost = (text: string): number => (text.length + 1) * this.start.length
}

/** Whether no pattern can match any more, whatever follows. */
export const isDead = (places: Places): boolean => places.every((word) => word === 0)

const set = (words: Uint32Array, bit: number) => {
  words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31))
}

/** The characters that a pattern takes one after the other, `undefined` for any one; and before which of them a run of any may stand. */
const stepsOf = (pattern: SearchPattern) => {
  const steps: Array<string | undefined> = []
  const loops: Array<number> = []
  for (const part of pattern) {
    if (part === "any") loops.push(steps.length)
    else if (part === "one") steps.push(undefined)
    else for (const character of part.literal) steps.push(character)
  }
  return { steps, loops }
}
