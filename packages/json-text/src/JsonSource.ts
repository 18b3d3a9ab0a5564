/**
 * An upstream's JSON response: the parsed value, used for decisions, and the original text, used for output.
 *
 * Output is sliced from the text, so that every number keeps its digits and nothing is serialised again.
 */
import * as Json from "./Json.ts"
import { afterSpace } from "./JsonScan.ts"
import { afterString } from "./JsonWalk.ts"
import { Result } from "effect"
import type { JSONValue } from "json-p3"

export interface JsonSource {
  readonly text: string
  readonly value: JSONValue
}

/** The location of a value: the names and indices from the top. */
export type Location = ReadonlyArray<string | number>

/** Parses a text as JSON. The error has the position, and does not repeat the text. */
export const parse = (source: string): Result.Result<JsonSource, string> => {
  const text = Json.withoutMark(source)
  const fault = Json.excess(text)
  if (fault !== undefined) return Result.fail(`Invalid JSON format: ${fault.message}`)
  try {
    return Result.succeed({ text, value: JSON.parse(text) })
  } catch (cause) {
    const position =
      cause instanceof Error ? /at position \d+( \(line \d+ column \d+\))?/.exec(cause.message)?.[0] : undefined
    return Result.fail(`Invalid JSON format${position === undefined ? "" : ` ${position}`}`)
  }
}

/**
 * The source texts of the values at these locations, which must exist. Each container is walked once, for any number of
 * locations. `spend` is called with its length, and may throw.
 */
export const slices = (
  source: JsonSource,
  locations: ReadonlyArray<Location>,
  spend?: (characters: number) => void,
): ReadonlyArray<string> => {
  const walked = new Map<number, ReadonlyMap<string | number, Span>>()
  const spansIn = (start: number) => {
    const known = walked.get(start)
    if (known !== undefined) return known
    const spans = children(source.text, start)
    walked.set(start, spans)
    return spans
  }
  return locations.map((location) => {
    let span: Span = { start: afterSpace(source.text, 0), end: source.text.length }
    for (const step of location) {
      if (spend !== undefined && !walked.has(span.start)) spend(span.end - span.start)
      span = spansIn(span.start).get(step) ?? span
    }
    return source.text.slice(span.start, span.end).trimEnd()
  })
}

interface Span {
  readonly start: number
  readonly end: number
}

// The text was parsed before, so the walk can assume that it is well formed.
const children = (text: string, open: number): ReadonlyMap<string | number, Span> => {
  const spans = new Map<string | number, Span>()
  const isObject = text.charCodeAt(open) === 0x7b
  let at = afterSpace(text, open + 1)
  while (at < text.length && text.charCodeAt(at) !== 0x7d && text.charCodeAt(at) !== 0x5d) {
    let name: string | number = spans.size
    if (isObject) {
      const end = afterString(text, at)
      name = nameAt(text, at, end)
      at = afterSpace(text, afterSpace(text, end) + 1)
    }
    const end = skipValue(text, at)
    spans.set(name, { start: at, end })
    at = afterSpace(text, end)
    if (text.charCodeAt(at) === 0x2c) at = afterSpace(text, at + 1)
  }
  return spans
}

const nameAt = (text: string, open: number, end: number): string => {
  const name = text.slice(open + 1, end - 1)
  return name.includes("\\") ? JSON.parse(text.slice(open, end)) : name
}

const skipValue = (text: string, start: number): number => {
  const first = text.charCodeAt(start)
  if (first === 0x22) return afterString(text, start)
  if (first !== 0x7b && first !== 0x5b) return skipScalar(text, start)
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) at = afterString(text, at) - 1
    else if (c === 0x7b) depth++
    else if (c === 0x5b) {
      depth++
      at = skipNumbers(text, at + 1) - 1
    } else if ((c === 0x7d || c === 0x5d) && --depth === 0) return at + 1
  }
  return text.length
}

/** Most of a response consists of vectors: a regular expression skips them at full speed. */
const skipNumbers = (text: string, from: number): number => {
  const c = text.charCodeAt(from)
  if (c !== 0x2d && (c < 0x30 || c > 0x39)) return from
  structural.lastIndex = from
  return structural.exec(text)?.index ?? text.length
}

const structural = /["[\]{}]/g

const skipScalar = (text: string, start: number): number => {
  let at = start
  for (let c = text.charCodeAt(at); at < text.length && c !== 0x2c && c !== 0x7d && c !== 0x5d; c = text.charCodeAt(at))
    at++
  return at
}
