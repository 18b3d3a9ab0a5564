/**
 * Regular expressions of scripts, on RE2: no text makes them slow for ever. The only file that knows the engine.
 * Source: https://swtch.com/~rsc/regexp/regexp3.html
 */
import { RE2JS } from "re2js"

/** Where a match and its groups stand, from the whole match on; undefined for a group that took no part. */
export type Spans = ReadonlyArray<readonly [start: number, end: number] | undefined>

export interface Regex {
  readonly source: string
  /** As Java's `Pattern.flags()` numbers them. */
  readonly flags: number
  /** How many groups there are. */
  readonly groups: number
  readonly names: Readonly<Record<string, number>>
  /** Steps of the engine for each character at the worst. */
  readonly cost: number
  /** The first match at `from` or later; with an anchor, the one that starts at 0, or is the whole text. */
  readonly match: (text: string, from: number, anchor?: "start" | "both") => Spans | undefined
}

/** In instructions: repetitions that are counted are short to write and long to run. */
const largest = 1_000

const unsupported: ReadonlyArray<readonly [form: RegExp, what: string]> = [
  [/^\(\?<?[=!]/, "lookahead and lookbehind are not supported: say it without them"],
  [/^\\(?:[1-9]|k<)/, "back-references are not supported: say it without them"],
  [/^\(\?>/, "atomic groups are not supported: write (?:…)"],
  [/^\(\?P/, "a named group is written (?<name>…)"],
  [/^(?:[*+?]|\{\d*,?\d*\})\+/, "possessive repetition is not supported: leave the second + out"],
]

const flagsOf: ReadonlyMap<string, readonly [java: number, engine: number]> = new Map([
  ["i", [2, RE2JS.CASE_INSENSITIVE]],
  ["m", [8, RE2JS.MULTILINE]],
  ["s", [32, RE2JS.DOTALL]],
  ["l", [16, 0]],
  // Letters are compared by Unicode in any case.
  ["u", [64, 0]],
])

/** Compiles what stands between the slashes; a string is the rest of a sentence that says why it cannot be used. */
export const compile = (source: string, flags: string): Regex | string => {
  let java = 0
  let engine = 0
  for (const flag of flags) {
    const known = flagsOf.get(flag)
    if (known === undefined) return `the flag [${flag}] is not supported: use ${[...flagsOf.keys()].join(", ")}`
    java |= known[0]
    engine |= known[1]
  }
  const pattern = flags.includes("l") ? RE2JS.quote(source) : translated(source)
  return typeof pattern === "string" ? ofPattern(source, pattern, java, engine) : pattern.refused
}

const ofPattern = (source: string, pattern: string, flags: number, engine: number): Regex | string => {
  try {
    const compiled = RE2JS.compile(pattern, engine)
    const size = compiled.programSize()
    if (size > largest) return `it is longer than ${largest} steps once its repetitions are written out`
    return {
      source,
      flags,
      groups: compiled.groupCount(),
      names: compiled.namedGroups(),
      cost: size + 20,
      match: (text, from, anchor) => {
        const matcher = compiled.matcher(text)
        const found =
          anchor === undefined ? matcher.find(from) : anchor === "both" ? matcher.matches() : matcher.lookingAt()
        if (!found) return undefined
        return Array.from({ length: compiled.groupCount() + 1 }, (_, group) =>
          matcher.start(group) < 0 ? undefined : ([matcher.start(group), matcher.end(group)] as const),
        )
      },
    }
  } catch (cause) {
    // The engine has no common class of its faults; each is about the pattern, which is the author's own text.
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** What Java writes otherwise than RE2, as RE2 writes it; what RE2 would read as something else is refused. */
const translated = (source: string): string | { readonly refused: string } => {
  let text = ""
  let inClass = false
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at, at + 40)
    const unusable = unsupported.find(([form, what]) => form.test(rest) && (!inClass || what.startsWith("back")))
    if (unusable !== undefined) return { refused: unusable[1] }
    if (rest.startsWith("\\")) {
      const unicode = /^\\u([0-9a-fA-F]{4})/.exec(rest)
      const piece = unicode === null ? rest.slice(0, 2) : unicode[0]
      text += unicode === null ? (rest.startsWith("\\/") ? "/" : piece) : `\\x{${unicode[1]}}`
      at += piece.length
      continue
    }
    if (inClass && (rest.startsWith("&&") || rest.startsWith("[")))
      return { refused: "classes inside of classes are not supported: write one class" }
    if (rest.startsWith("[") && !inClass) {
      const opening = /^\[\^?\]?/.exec(rest)?.[0] ?? "["
      inClass = true
      text += opening
      at += opening.length
      continue
    }
    if (rest.startsWith("]")) inClass = false
    text += rest.slice(0, 1)
    at++
  }
  return text
}
