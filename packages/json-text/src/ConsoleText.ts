/**
 * The text that OpenSearch's Dev Tools console takes, as JSON text: a first line `POST /path`, comments (`//`, `#`,
 * `/* … *\/`) and strings in three quotes are allowed. Anything else that is no JSON stays as it is, for the JSON parser to refuse.
 * https://docs.opensearch.org/latest/dashboards/dev-tools/run-queries/
 */
import { Result } from "effect"
import * as Json from "./Json.ts"

export interface ConsoleText {
  readonly method?: string
  readonly path?: string
  /** JSON text, with every character that is not JSON's gone. */
  readonly json: string
  /** Where a character of `json` stands in the source, both counted from 0. */
  readonly offsetOf: (offset: number) => number
}

/** Reads a value; a fault has the line and column of the source. */
export const parse = (source: string): Result.Result<Json.Json, Json.JsonError> => {
  const { json, offsetOf } = read(source)
  return Result.mapError(Json.parseUnique(json), ({ message, line, column }) =>
    Json.errorAt(source, offsetOf(offsetAt(json, line, column)), message),
  )
}

export const read = (text: string): ConsoleText => {
  // In place of the mark a space, so that every character stays where it is.
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

// A comment ends with its line, so that the text can be read in one way only and a refusal takes no longer than a reading.
const requestLine =
  /^(?:\s|(?:\/\/|#)[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*(GET|POST|PUT|DELETE|HEAD|PATCH)[ \t]+(\S+)[ \t]*(?=\r?\n|$)/

// A string in three quotes, a comment, a string, or a run of anything else.
const token = /"""([^]*?)"""|\/\/[^\n]*|#[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|[^"/#]+|\//g
const comment = /^(?:\/\/|#|\/\*)/

/** Spaces in place of every character, line breaks kept, so that lines and columns stay. */
const blank = (text: string): string => text.replace(/[^\n\r]/g, " ")

const offsetAt = (text: string, line: number, column: number): number => {
  let start = 0
  for (let at = 1; at < line; at++) start = text.indexOf("\n", start) + 1
  return start + column - 1
}
