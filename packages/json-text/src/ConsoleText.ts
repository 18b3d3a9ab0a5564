/**
 * Converts the text that OpenSearch's Dev Tools console accepts to JSON text. It may have a first line `POST /path`,
 * comments (`//`, `#`, `/* … *\/`) and triple-quoted strings. Any other text that is not JSON is kept for the JSON
 * parser to reject. https://docs.opensearch.org/latest/dashboards/dev-tools/run-queries/
 */
import { Result } from "effect"
import * as Json from "./Json.ts"

export interface ConsoleText {
  readonly method?: string
  readonly path?: string
  /** JSON text; characters that are not part of the JSON are blanked. */
  readonly json: string
  /** The offset in the source of an offset in `json`, both 0-based. */
  readonly offsetOf: (offset: number) => number
}

/** Parses a value; an error has the line and column in the source. */
export const parse = (source: string): Result.Result<Json.Json, Json.JsonError> => {
  const { json, offsetOf } = read(source)
  return Result.mapError(Json.parseUnique(json), ({ message, line, column }) =>
    Json.errorAt(source, offsetOf(offsetAt(json, line, column)), message),
  )
}

export const read = (text: string): ConsoleText => {
  // A space replaces the byte order mark, so that offsets do not change.
  const source = Json.withoutMark(text) === text ? text : ` ${text.slice(1)}`
  const request = requestLine.exec(source)
  const pieces: Array<string> = []
  const origins: Array<readonly [json: number, source: number]> = []
  let length = 0
  const put = (text: string, from: number) => {
    origins.push([length, from])
    pieces.push(text)
    length += text.length
  }
  put(blank(source.slice(0, request?.[0].length ?? 0)), 0)
  for (const { 0: text, 1: quoted, index } of source.slice(length).matchAll(token)) {
    const from = index + (request?.[0].length ?? 0)
    if (quoted !== undefined) put(JSON.stringify(quoted), from)
    else put(comment.test(text) ? blank(text) : text, from)
  }
  const offsetOf = (offset: number) => {
    const [json, at] = origins.findLast(([start]) => start <= offset) ?? [0, 0]
    return Math.min(at + offset - json, source.length)
  }
  return {
    ...(request === null ? {} : { method: request[1] ?? "", path: request[2] ?? "" }),
    json: pieces.join(""),
    offsetOf,
  }
}

// A comment ends with its line. The text then has only one reading, and a failed match takes no longer than a
// successful one.
const requestLine =
  /^(?:\s|(?:\/\/|#)[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*(GET|POST|PUT|DELETE|HEAD|PATCH)[ \t]+(\S+)[ \t]*(?=\r?\n|$)/

// A triple-quoted string, a comment, a string, or a run of other characters.
const token = /"""([^]*?)"""|\/\/[^\n]*|#[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|[^"/#]+|\//g
const comment = /^(?:\/\/|#|\/\*)/

/** Replaces every character except line breaks with a space, so that lines and columns do not change. */
const blank = (text: string): string => text.replace(/[^\n\r]/g, " ")

const offsetAt = (text: string, line: number, column: number): number => {
  let start = 0
  for (let at = 1; at < line; at++) start = text.indexOf("\n", start) + 1
  return start + column - 1
}
