/**
 * JSON text ⇄ value with every number's own digits kept.
 *
 * A number that JavaScript would print otherwise (`1.10`, `1e400`, `9007199254740993`) is held as a
 * `JSON.rawJSON` object, which `JSON.stringify` writes back as it came.
 * Source: https://tc39.es/proposal-json-parse-with-source/
 */
import { Data, Result } from "effect"
import * as JsonFault from "./JsonFault.ts"

export type Json = null | boolean | number | string | RawNumber | ReadonlyArray<Json> | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** A number whose digits JavaScript cannot hold; made by `JSON.rawJSON`. */
export interface RawNumber {
  readonly rawJSON: string
}

/** The text is no JSON: what was found, and where (1-based line and column). */
export class JsonError extends Data.TaggedError("JsonError")<{
  readonly message: string
  readonly line: number
  readonly column: number
}> {}

declare global {
  interface JSON {
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
    parse(text: string, reviver: (key: string, value: Json, context: { readonly source?: string }) => Json): Json
  }
}

/** How deep arrays and objects may nest: past it a text is refused, not followed. */
export const maxDepth = 1_000

/** How many arrays, objects and members a text may have: each takes many times the memory of its few characters. */
const maxParts = 1_000_000

/** The text without the byte order mark that some editors and platforms put before JSON (RFC 8259, 8.1). */
export const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

/** As `parse`; fails at a name that stands twice in one object, too: of a document that is written, only one can be meant. */
export const parseUnique = (text: string): Result.Result<Json, JsonError> =>
  Result.flatMap(parse(text), (value) => {
    const repeated = JsonFault.duplicate(withoutMark(text), value)
    return repeated === undefined
      ? Result.succeed(value)
      : Result.fail(errorAt(withoutMark(text), repeated.offset, repeated.message))
  })

/** Reads JSON text (RFC 8259); fails with line and column. A byte order mark before it is passed over. */
export const parse = (source: string): Result.Result<Json, JsonError> => {
  const text = withoutMark(source)
  // To keep digits each item is looked at, so that here items count as well.
  const fault = excess(text, "[{:,")
  if (fault !== undefined) return Result.fail(errorAt(text, fault.offset, fault.message))
  try {
    return Result.succeed(JSON.parse(text, keepDigits))
  } catch {
    // The parser's own sentence repeats a piece of the text, which may be a secret.
    return Result.fail(locate(text))
  }
}

/** The object that a text is; nothing where it is another value, or no JSON. */
export const objectIn = (text: string): JsonObject | undefined => {
  const value = Result.getOrUndefined(parse(text))
  return isObject(value) ? value : undefined
}

export const stringify = (value: Json): string => JSON.stringify(value)

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** A string as it is, anything else as its JSON text: how connector parameters are kept. */
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
    if (c === 0x22) i = endOfString(text, i)
    else if (c === 0x5d || c === 0x7d) depth--
    else if (c === 0x5b || c === 0x7b || c === 0x3a || (c === 0x2c && counted.includes(","))) {
      if (++parts > mostParts) return { offset: i, message: `it has more than ${mostParts} parts` }
      if (c !== 0x3a && c !== 0x2c && ++depth > maxDepth)
        return { offset: i, message: `it nests deeper than ${maxDepth} levels` }
    }
  }
  return undefined
}

/** Whether these marks stand in a text more than so many times, in strings or outside. */
const hasMore = (text: string, marks: string, times: number): boolean => {
  if (text.length <= times) return false
  let left = times
  for (const mark of marks)
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) if (--left < 0) return true
  return false
}

const endOfString = (text: string, open: number): number => {
  let i = open + 1
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1
  return i
}

const locate = (text: string): JsonError => {
  const { offset, message } = JsonFault.find(text)
  return errorAt(text, offset, message)
}

/** A fault at an offset of a text. */
export const errorAt = (text: string, offset: number, message: string): JsonError => {
  const before = text.slice(0, offset)
  const line = before.split("\n").length
  return new JsonError({ message, line, column: offset - before.lastIndexOf("\n") })
}
