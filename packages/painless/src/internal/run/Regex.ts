/**
 * Regular expressions of scripts, on RE2, which matches in linear time. The only file that depends on the engine.
 * Source: https://swtch.com/~rsc/regexp/regexp3.html
 */
import { RE2JS } from "re2js"

/**
 * The positions of a match and its groups, beginning with the whole match; undefined for a group that did not
 * participate.
 */
export type Spans = ReadonlyArray<readonly [start: number, end: number] | undefined>

export interface Regex {
  readonly source: string
  /** The numbers of Java's `Pattern.flags()`. */
  readonly flags: number
  /** The number of groups. */
  readonly groups: number
  readonly names: Readonly<Record<string, number>>
  /** Worst-case steps of the engine per character. */
  readonly cost: number
  /** The first match at `from` or later; with an anchor, the match that starts at 0 or is the whole text. */
  readonly match: (text: string, from: number, anchor?: "start" | "both") => Spans | undefined
}

/** In instructions. Counted repetitions are short to write but expand to many instructions. */
const maxProgramSize = 1_000

const unsupported: ReadonlyArray<readonly [form: RegExp, what: string]> = [
  [/^\(\?<?[=!]/, "lookahead and lookbehind are not supported: rewrite the pattern without them"],
  [/^\\(?:[1-9]|k<)/, "back-references are not supported: rewrite the pattern without them"],
  [/^\(\?>/, "atomic groups are not supported: write (?:…)"],
  [/^\(\?P/, "a named group is written (?<name>…)"],
  [/^(?:[*+?]|\{\d*,?\d*\})\+/, "possessive repetition is not supported: remove the second +"],
]

const flagsOf: ReadonlyMap<string, readonly [java: number, engine: number]> = new Map([
  ["i", [2, RE2JS.CASE_INSENSITIVE]],
  ["m", [8, RE2JS.MULTILINE]],
  ["s", [32, RE2JS.DOTALL]],
  ["l", [16, 0]],
  // Case-insensitive comparison by Unicode.
  ["u", [64, 0]],
])

/** Compiles the pattern between the slashes; a string is the end of a sentence that explains why it is invalid. */
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
    if (size > maxProgramSize) return `it compiles to more than ${maxProgramSize} instructions; shorten its repetitions`
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
    // The engine's errors have no common class. Each concerns the pattern, which is the author's own text.
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Converts Java's syntax to RE2's where they differ; rejects what RE2 would interpret differently. */
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
      return { refused: "classes inside classes are not supported: write one class" }
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
