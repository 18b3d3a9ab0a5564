/** A wildcard pattern: `*` matches any run of characters, `?` matches one, `\` escapes the next character. */
import * as StoreBounds from "../StoreBounds.ts"

/** Literal runs separated by `any` and `one`; two `any` are never adjacent. */
export type SearchPattern = ReadonlyArray<{ readonly literal: string } | "any" | "one">

/**
 * In characters, for patterns in requests: each pattern character costs one bit operation per character of the matched
 * text.
 */
export const maxLength = StoreBounds.searchPatternLength

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

/** Matches every text that begins with this one. */
export const startingWith = (text: string): SearchPattern => (text === "" ? ["any"] : [{ literal: text }, "any"])

/** The common prefix of all matches, which an index can use. */
export const literalStart = (pattern: SearchPattern): string => {
  const [first] = pattern
  return typeof first === "object" ? first.literal : ""
}

/** The longest text that all matches contain. */
export const longestLiteral = (pattern: SearchPattern): string =>
  pattern.reduce<string>(
    (longest, part) => (typeof part === "object" && part.literal.length > longest.length ? part.literal : longest),
    "",
  )

/** Whether the whole text matches; takes time linear in the text for a pattern of bounded length. */
export const matches = (pattern: SearchPattern, text: string): boolean => {
  const set = PatternSet.of([pattern])
  return set.accepts(set.advance(set.start, text))
}

/** The state of several patterns within a text: one bit for each position in each pattern. */
export type Places = Uint32Array

/**
 * Several patterns, matched together, one character at a time, without backtracking. Each character costs one pass over
 * the bits, whatever the patterns and the text are. The state after a text is kept as `Places`, so texts with a common
 * prefix share that work.
 *
 * Source: https://doi.org/10.1145/135239.135244 (Shift-And)
 */
export class PatternSet {
  readonly start: Places
  /** By character, the positions from which it advances; `other` for a character that no pattern contains. */
  readonly #leadOn = new Map<string, Uint32Array>()
  readonly #other: Uint32Array
  /** The positions at a `*`, which no character leaves. */
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

  /** The positions after more text. */
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
      // The caller's positions are not modified.
      spare = isOwn ? read : new Uint32Array(places.length)
      isOwn = true
    }
    return now
  }

  /** Whether one of the patterns matches the text read so far. */
  readonly accepts = (places: Places): boolean => this.#ends.some((ends, word) => (ends & (places[word] ?? 0)) !== 0)

  /** The cost of reading a text, in steps: the number of state words times the number of characters. */
  readonly cost = (text: string): number => (text.length + 1) * this.start.length
}

/** Whether no pattern can match, whatever text follows. */
export const isDead = (places: Places): boolean => places.every((word) => word === 0)

const set = (words: Uint32Array, bit: number) => {
  words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31))
}

/**
 * The characters that a pattern matches in sequence, `undefined` for any one; and before which of them a run of any
 * characters may occur.
 */
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
