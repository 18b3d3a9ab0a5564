/**
 * Parses and prints JSON without changing the digits of a number.
 *
 * A number that JavaScript would print differently (`1.10`, `1e400`, `9007199254740993`) is held as a `JSON.rawJSON`
 * object, which `JSON.stringify` writes unchanged. Source: https://tc39.es/proposal-json-parse-with-source/
 */
import { Data, Result } from "effect"
import * as JsonFault from "./JsonFault.ts"
import { afterString } from "./JsonWalk.ts"

export type Json = null | boolean | number | string | RawNumber | ReadonlyArray<Json> | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** A number that JavaScript cannot represent exactly, created by `JSON.rawJSON`. */
export interface RawNumber {
  readonly rawJSON: string
}

/** The text is not valid JSON: the problem and its location (1-based line and column). */
export class JsonError extends Data.TaggedError("JsonError")<{
  readonly message: string
  readonly line: number
  readonly column: number
  /** The line, with `^` before the problem and `…` in place of values, which may be secrets; names stay. */
  readonly excerpt: string
}> {}

declare global {
  interface JSON {
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
    parse(text: string, reviver: (key: string, value: Json, context: { readonly source?: string }) => Json): Json
  }
}

/** Maximum nesting of arrays and objects. Deeper text is rejected before parsing. */
export const maxDepth = 1_000

/** Maximum number of arrays, objects and members in a text. Each takes far more memory than its few characters. */
const maxParts = 1_000_000

/** The text without the byte order mark that some editors and upstreams put before JSON (RFC 8259, 8.1). */
export const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

/**
 * Like `parse`, but also rejects a name that occurs twice in one object: the author of a document can mean only one of
 * them.
 */
export const parseUnique = (text: string): Result.Result<Json, JsonError> =>
  Result.flatMap(parse(text), (value) => {
    const repeated = JsonFault.duplicate(withoutMark(text), value)
    return repeated === undefined
      ? Result.succeed(value)
      : Result.fail(errorAt(withoutMark(text), repeated.offset, repeated.message))
  })

/** Parses JSON text (RFC 8259); an error has line and column. A leading byte order mark is skipped. */
export const parse = (source: string): Result.Result<Json, JsonError> => {
  const text = withoutMark(source)
  // Keeping digits visits every item, so items count as well here.
  const fault = excess(text, "[{:,")
  if (fault !== undefined) return Result.fail(errorAt(text, fault.offset, fault.message))
  try {
    return Result.succeed(JSON.parse(text, keepDigits))
  } catch {
    // The parser's own message quotes part of the text, which may be a secret.
    return Result.fail(locate(text))
  }
}

/** The object that the text contains; undefined for any other value or invalid JSON. */
export const objectIn = (text: string): JsonObject | undefined => {
  const value = Result.getOrUndefined(parse(text))
  return isObject(value) ? value : undefined
}

export const stringify = (value: Json): string => JSON.stringify(value)

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** Returns a string as it is and any other value as JSON text, the way connector parameters are stored. */
export const toText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "null")

const keepDigits = (_key: string, value: Json, context: { readonly source?: string }): Json =>
  typeof value === "number" && context.source !== undefined && String(value) !== context.source
    ? JSON.rawJSON(context.source)
    : value

/** Where a text becomes more than a parser should be given, whether or not it is JSON. A text with little in it is not walked. */
export const excess = (
  text: string,
  counted: "[{:" | "[{:," = "[{:",
  mostParts = maxParts,
): JsonFault.Fault | undefined => {
  if (!hasMore(text, "[{", maxDepth) && !hasMore(text, counted, mostParts)) return undefined
  let depth = 0
  let parts = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = afterString(text, i) - 1
    else if (c === 0x5d || c === 0x7d) depth--
    else if (c === 0x5b || c === 0x7b || c === 0x3a || (c === 0x2c && counted.includes(","))) {
      if (++parts > mostParts) return { offset: i, message: `it has more than ${mostParts} parts` }
      if (c !== 0x3a && c !== 0x2c && ++depth > maxDepth)
        return { offset: i, message: `it nests deeper than ${maxDepth} levels` }
    }
  }
  return undefined
}

/** Whether these characters occur more than `times` times in a text, inside or outside strings. */
const hasMore = (text: string, marks: string, times: number): boolean => {
  if (text.length <= times) return false
  let left = times
  for (const mark of marks)
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) if (--left < 0) return true
  return false
}

const locate = (text: string): JsonError => {
  const { offset, message } = JsonFault.find(text)
  return errorAt(text, offset, message)
}

/** The error for an offset in a text. */
export const errorAt = (text: string, offset: number, message: string): JsonError => {
  const before = text.slice(0, offset)
  const line = before.split("\n").length
  const start = before.lastIndexOf("\n") + 1
  return new JsonError({ message, line, column: offset - start + 1, excerpt: excerptOf(text, start, offset) })
}

/** In characters, to each side of the problem. */
const excerptChars = 100

/** What stands before the problem is JSON, so that a text before a colon is a name; after it nothing is sure. */
const excerptOf = (text: string, start: number, offset: number): string => {
  const before = text.slice(Math.max(start, offset - excerptChars), offset)
  const [after = ""] = text.slice(offset, offset + excerptChars).split(/\r?\n/, 1)
  const kept = before.replaceAll(parts, (part, value: string | undefined) => (value === undefined ? part : "…"))
  return `${kept}^${after.replaceAll(/[^\s{}[\],:]+/g, "…")}`.trim()
}

/** Names and words of JSON; what the group holds is a value. */
const parts = /"(?:[^"\\]|\\.)*"(?=\s*:)|\b(?:true|false|null)\b|("(?:[^"\\]|\\.)*"?|[^\s{}[\],:"]+)/g
