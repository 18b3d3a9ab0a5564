/** A text with placeholders, parsed once: its placeholders, and the text with each of them replaced by a mark. */
import { InvalidName, NestedDefault, type Place, refuse, UnclosedPlaceholder, UnknownPrefix } from "../TemplateError.ts"

/** Marks a placeholder in `Source.flat`; at other indexes it is an ordinary character. */
const mark = "\u0000"

/** A placeholder as written. */
export interface Placeholder {
  readonly kind: "parameter" | "credential"
  readonly name: string
  /** `.toString()`: the value's JSON text is inserted as string content, whatever its type. */
  readonly asText: boolean
  readonly default: string | undefined
  readonly source: string
  readonly offset: number
  /** Index of its mark in `flat`. */
  readonly at: number
}

export interface Source {
  readonly flat: string
  readonly placeholders: ReadonlyArray<Placeholder>
  /** The place of an index of `flat`. */
  readonly place: (index: number) => Place
}

/** The name of a text in messages, and whether a message may show part of it. */
export interface Label {
  readonly in: string
  readonly shown: boolean
}

const placeOf = (label: Label, text: string, offset: number): Place => {
  const lineStart = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1
  const line = text.slice(0, lineStart).split("\n").length
  const excerpt = label.shown ? (text.slice(Math.max(lineStart, offset - 24), offset + 40).split("\n")[0] ?? "") : ""
  return { in: label.in, offset, line, column: offset - lineStart + 1, excerpt }
}

const toString = ".toString()"

const prefixes = [
  ["parameters.", "parameter"],
  ["credential.", "credential"],
] as const

const clip = (placeholder: string): string => (placeholder.length > 64 ? `${placeholder.slice(0, 60)}…}` : placeholder)

const badName = /[\s{"\\\p{Cc}]/u

/**
 * The index of the `}` that ends the placeholder at `open`, or -1. A default ends at the brace that balances its own,
 * outside JSON strings, so that `{}` can be a default; without one, it ends at the first brace.
 */
const endOf = (text: string, open: number, budget: Budget): number => {
  const first = text.indexOf("}", open)
  const mark = text.indexOf(":-", open)
  if (first < 0 || mark < 0 || mark > first) return first
  const end = balanced(text, mark + 2, budget)
  if (end === undefined) budget.left -= maxDefaultLength
  return end ?? first
}

/** How far the end of a default is searched, in characters; longer values belong in a parameter. */
const maxDefaultLength = 100_000

/** How many characters of unbalanced defaults are searched in one text; beyond it, each ends at its first brace. */
const maxLookahead = 10 * maxDefaultLength

interface Budget {
  left: number
}

const balanced = (text: string, start: number, budget: Budget): number | undefined => {
  const limit = budget.left > 0 ? Math.min(text.length, start + maxDefaultLength) : start
  let depth = 0
  let before = ""
  let hasBraces = false
  for (let i = start; i < limit; i++) {
    const c = text.charAt(i)
    // Within a JSON string of the template, the quotes of a default are escaped themselves.
    const quote = c === '"' ? c : text.startsWith('\\"', i) ? '\\"' : ""
    if (quote !== "" && opensString.test(before)) {
      i = stringEnd(text, i + quote.length, limit, quote) - 1
      if (i < 0) return undefined
      before = '"'
      continue
    }
    // After a brace only JSON can balance, and there a quote occurs in no other role: it ends the string around the
    // placeholder.
    if (quote !== "" && hasBraces) return undefined
    if (c === "{") {
      depth++
      hasBraces = true
    } else if (c === "}" && depth-- === 0) return i
    if (c.trim() !== "") before = c
  }
  return undefined
}

/** What precedes the opening quote of a JSON string; elsewhere a quote is an ordinary character. */
const opensString = /^[[{,:]?$/

/** The index after the closing quote, or -1. */
const stringEnd = (text: string, from: number, limit: number, quote: string): number => {
  for (let i = from; i < limit; i++) {
    if (text.startsWith(quote, i)) return i + quote.length
    if (text[i] !== "\\") continue
    // An escape of the inner string takes two characters, or four if its backslash and its quote are escaped again.
    if (quote.length === 1) i++
    else if (text[i + 1] === "\\") i += text[i + 2] === "\\" ? 3 : 2
  }
  return -1
}

/** A text without placeholders, whatever it contains. */
export const plain = (text: string, label: Label): Source => ({
  flat: text,
  placeholders: [],
  place: (index) => placeOf(label, text, index),
})

/** Whether an author's parameter is itself a template: other `${` in it are literal text. */
export const hasPlaceholders = (text: string): boolean => prefixes.some(([prefix]) => text.includes(`\${${prefix}`))

/**
 * Parses the placeholders of `text`. In a template every `${` must begin a placeholder, and `$${` stands for `${`. In
 * an author's parameter (`lenient`) both apply only to `${parameters.` and `${credential.`, so that a prompt may
 * mention `${x}`.
 */
export const read = (text: string, label: Label, lenient: boolean): Source => {
  const placeholders: Array<Placeholder> = []
  const shifts: Array<{ readonly at: number; readonly by: number }> = []
  const place = (offset: number) => placeOf(label, text, offset)
  const budget = { left: maxLookahead }
  let flat = ""
  let from = 0
  for (let open = text.indexOf("${"); open >= 0; open = text.indexOf("${", Math.max(from, open + 2))) {
    const prefix = prefixes.find(([prefix]) => text.startsWith(prefix, open + 2))
    if (prefix === undefined && lenient) continue
    if (open > from && text[open - 1] === "$") {
      flat += text.slice(from, open - 1)
      shifts.push({ at: flat.length, by: 1 })
      from = open
      continue
    }
    const end = endOf(text, open, budget)
    if (end < 0) return refuse(new UnclosedPlaceholder({ place: place(open) }))
    const source = text.slice(open, end + 1)
    if (prefix === undefined) return refuse(new UnknownPrefix({ place: place(open), placeholder: clip(source) }))
    const inner = text.slice(open + 2 + prefix[0].length, end)
    const colon = inner.indexOf(":-")
    const written = colon < 0 ? inner : inner.slice(0, colon)
    const asText = prefix[1] === "parameter" && written.endsWith(toString)
    const name = asText ? written.slice(0, -toString.length) : written
    if (name === "" || badName.test(name))
      return refuse(new InvalidName({ place: place(open), placeholder: clip(source) }))
    if (colon >= 0 && inner.includes("${", colon))
      return refuse(new NestedDefault({ place: place(open), placeholder: clip(source), prefix: prefix[0], name }))
    flat += text.slice(from, open)
    placeholders.push({
      kind: prefix[1],
      name,
      asText,
      default: colon < 0 ? undefined : inner.slice(colon + 2),
      source,
      offset: open,
      at: flat.length,
    })
    flat += mark
    from = end + 1
    shifts.push({ at: flat.length, by: source.length - 1 })
  }
  flat += text.slice(from)
  return {
    flat,
    placeholders,
    place: (index) => place(shifts.reduce((offset, shift) => (shift.at <= index ? offset + shift.by : offset), index)),
  }
}
