/** `Pattern` and `Matcher`. */
import * as JavaText from "../run/JavaText.ts"
import type { Regex, Spans } from "../run/Regex.ts"
import type { Run } from "../run/Run.ts"
import { JavaArray, Lambda, Matcher, Pattern, Stream, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const pattern = Method.on(Method.receiver((value) => value instanceof Pattern))
const matcher = Method.on(Method.receiver((value) => value instanceof Matcher))
const statics = Method.on(() => null)

/** A step of the engine takes about a quarter of a script step. */
const weight = 4

/** One search: its worst-case cost must be available, and its actual range is counted. */
const search = (regex: Regex, text: string, from: number, run: Run, anchor?: "start" | "both"): Spans | undefined => {
  run.text(text.length - from)
  run.afford((regex.cost * (text.length - from)) / weight)
  const spans = regex.match(text, from, anchor)
  const end = spans?.[0]?.[1] ?? text.length
  run.work(1 + Math.ceil((regex.cost * (end - from)) / weight))
  // The engine does not report how far it looked for another match.
  if (text.length - from > 512) run.glance()
  return spans
}

/** Whether a text contains a match, or is one. */
export const matches = ({ regex }: Pattern, text: string, operator: "=~" | "==~", run: Run): boolean =>
  search(regex, text, 0, run, operator === "=~" ? undefined : "both") !== undefined

/** Finds the next match, which must differ from an empty match just found. */
const find = (self: Matcher, run: Run): boolean => {
  if (self.next > self.text.length) {
    self.spans = undefined
    return false
  }
  const spans = search(self.pattern.regex, self.text, self.next, run)
  self.spans = spans
  const [start, end] = spans?.[0] ?? [0, self.text.length]
  self.next = spans === undefined ? self.text.length + 1 : end === start ? end + 1 : end
  return spans !== undefined
}

const anchored = (self: Matcher, anchor: "start" | "both", run: Run): boolean => {
  self.spans = search(self.pattern.regex, self.text, 0, run, anchor)
  self.next = self.spans?.[0]?.[1] ?? 0
  return self.spans !== undefined
}

const spansOf = (self: Matcher, run: Run): Spans => self.spans ?? run.fail("IllegalStateException", "No match found")

const spanOf = (self: Matcher, group: number, run: Run): readonly [number, number] | undefined => {
  const spans = spansOf(self, run)
  if (group < 0 || group >= spans.length) run.fail("IndexOutOfBoundsException", `No group ${group}`)
  return spans[group]
}

const group = (self: Matcher, index: number, run: Run): string | null => {
  const span = spanOf(self, index, run)
  return span === undefined ? null : self.text.slice(...span)
}

const named = (self: Matcher, name: string, run: Run): string | null => {
  const { names } = self.pattern.regex
  return group(
    self,
    Object.hasOwn(names, name)
      ? (names[name] ?? 0)
      : run.fail("IllegalArgumentException", `No group with name <${name}>`, `No group with name <${name}>`),
    run,
  )
}

interface Replacement {
  /** `$1`, `${name}` and `\\` as in `Matcher.replaceAll`. */
  readonly text?: string
  readonly each?: Lambda
  readonly once?: boolean
}

/** `text` with its matches replaced. */
export const replaced = (
  pattern: Pattern,
  text: string,
  run: Run,
  { each, once = false, text: by = "" }: Replacement,
): string => {
  const matcher = new Matcher(pattern, text)
  let result = ""
  let from = 0
  const put = (piece: string): void => {
    result += piece
    if (result.length > run.limits.text) run.text(result.length)
  }
  while (find(matcher, run)) {
    const [start, end] = spanOf(matcher, 0, run) ?? [0, 0]
    put(text.slice(from, start))
    put(each === undefined ? expanded(matcher, by, run) : JavaText.of(each.call([matcher], run), run))
    from = end
    if (once) break
  }
  put(text.slice(from))
  run.made(result.length)
  return result
}

const directive = /\\([^])|\$(?:(\d)|\{([a-zA-Z][a-zA-Z0-9]*)\})|[\\$]/g

const expanded = (matcher: Matcher, by: string, run: Run): string => {
  if (!/[\\$]/.test(by)) return by
  run.text(by.length)
  return by.replace(directive, (_, literal?: string, digit?: string, name?: string) => {
    if (literal !== undefined) return literal
    if (digit !== undefined) return group(matcher, Number(digit), run) ?? ""
    return name === undefined
      ? run.fail("IllegalArgumentException", "Illegal group reference")
      : (named(matcher, name, run) ?? "")
  })
}

/**
 * Like `Pattern.split`: an empty match at the start does not split, and without a limit trailing empty parts are
 * removed.
 */
const split = (pattern: Pattern, text: string, limit: number, run: Run): Array<string> => {
  const matcher = new Matcher(pattern, text)
  const pieces: Array<string> = []
  let from = 0
  const put = (piece: string): void => {
    run.keep(piece)
    pieces.push(piece)
  }
  const maxSplits = limit > 0 ? limit - 1 : Number.POSITIVE_INFINITY
  while (pieces.length < maxSplits && find(matcher, run)) {
    const [start, end] = spanOf(matcher, 0, run) ?? [0, 0]
    if (end === 0) continue
    put(text.slice(from, start))
    from = end
  }
  put(text.slice(from))
  if (limit === 0) while (pieces.length > 1 && pieces.at(-1) === "") pieces.pop()
  return pieces.length === 1 && pieces[0] === "" && text !== "" && limit === 0 ? [] : pieces
}

export const patternTable = Method.table([
  pattern.m1("matcher", "Matcher", MethodParameter.text, (self, text) => new Matcher(self, text)),
  pattern.m1(
    "split",
    "String[]",
    MethodParameter.text,
    (self, text, run) => new JavaArray("String", split(self, text, 0, run)),
  ),
  pattern.m2(
    "split",
    "String[]",
    [MethodParameter.text, MethodParameter.int],
    (self, text, limit, run) => new JavaArray("String", split(self, text, limit, run)),
  ),
  pattern.m1(
    "splitAsStream",
    "Stream",
    MethodParameter.text,
    (self, text, run) => new Stream(split(self, text, 0, run)),
  ),
  pattern.m0(
    "asPredicate",
    "Function",
    (self) => new Lambda(1, ([text = null], run) => matches(self, MethodParameter.text.read(text, run), "=~", run)),
  ),
  pattern.m0("pattern", "String", (self) => self.regex.source),
  pattern.m0("flags", "int", (self) => self.regex.flags),
  pattern.m0("toString", "String", (self) => self.regex.source),
])

export const matcherTable = Method.table([
  matcher.m0("find", "boolean", find),
  matcher.m1("find", "boolean", MethodParameter.int, (self, from, run) => {
    if (from < 0 || from > self.text.length) run.fail("IndexOutOfBoundsException", "Illegal start index")
    self.next = from
    return find(self, run)
  }),
  matcher.m0("matches", "boolean", (self, run) => anchored(self, "both", run)),
  matcher.m0("lookingAt", "boolean", (self, run) => anchored(self, "start", run)),
  matcher.m0("group", "String", (self, run) => group(self, 0, run)),
  matcher.m1("group", "String", MethodParameter.int, group),
  matcher.m1("namedGroup", "String", MethodParameter.string, named),
  matcher.m0("groupCount", "int", (self) => self.pattern.regex.groups),
  matcher.m0("start", "int", (self, run) => spanOf(self, 0, run)?.[0] ?? -1),
  matcher.m1("start", "int", MethodParameter.int, (self, index, run) => spanOf(self, index, run)?.[0] ?? -1),
  matcher.m0("end", "int", (self, run) => spanOf(self, 0, run)?.[1] ?? -1),
  matcher.m1("end", "int", MethodParameter.int, (self, index, run) => spanOf(self, index, run)?.[1] ?? -1),
  matcher.m1("replaceAll", "String", MethodParameter.string, (self, by, run) =>
    replaced(self.pattern, self.text, run, { text: by }),
  ),
  matcher.m1("replaceFirst", "String", MethodParameter.string, (self, by, run) =>
    replaced(self.pattern, self.text, run, { text: by, once: true }),
  ),
  matcher.m0("reset", "Matcher", (self): Value => {
    self.next = 0
    self.spans = undefined
    return self
  }),
  matcher.m1("usePattern", "Matcher", MethodParameter.pattern, (self, pattern): Value => {
    self.pattern = pattern
    self.spans = undefined
    return self
  }),
])

export const patterns = Method.table([
  statics.m1("quote", "String", MethodParameter.string, (_, text, run) => {
    run.made(text.length + 4)
    return `\\Q${text.replaceAll("\\E", "\\E\\\\E\\Q")}\\E`
  }),
])

export const matchers = Method.table([
  statics.m1("quoteReplacement", "String", MethodParameter.string, (_, text, run) => {
    run.made(text.length * 2)
    return text.replace(/[\\$]/g, (character) => `\\${character}`)
  }),
])
