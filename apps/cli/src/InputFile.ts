/** Reads the document that a command line names: a file, or `-` for standard input. */
import { readFile } from "node:fs/promises"
import process from "node:process"
import { text as textOf } from "node:stream/consumers"
import * as ConsoleText from "@drawbar/json-text/ConsoleText"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { Effect, Result, type Schema } from "effect"
import { wrongUse, type WrongUse } from "./Failure.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

/** Reads JSON or Dev Tools console text. A syntax error is reported with its line and column. */
export const read = (path: string): Effect.Effect<Json.JsonObject, WrongUse> =>
  Effect.flatMap(source(path), (text) => parse(path, text))

/** As `read`, for a text that was read from the path. */
export const parse = (path: string, text: string): Effect.Effect<Json.JsonObject, WrongUse> => {
  const parsed = ConsoleText.parse(text)
  if (Result.isFailure(parsed)) return Effect.fail(wrongUse(fault(path, text, parsed.failure)))
  return Json.isObject(parsed.success)
    ? Effect.succeed(parsed.success)
    : Effect.fail(wrongUse(`${name(path)} does not contain a JSON object. Write {…}`))
}

/** Like `read`, for a document of a known shape. */
export const readAs = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, path: string) =>
  Effect.flatMap(read(path), (value) => as(schema, value, path))

export const as = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  value: Json.JsonObject,
  path: string,
): Effect.Effect<S["Type"], WrongUse> =>
  Effect.mapError(Effect.fromResult(decode(schema)(value)), ({ message }) => wrongUse(`${name(path)}: ${message}`))

/** The text at a path. */
export const source = (path: string): Effect.Effect<string, WrongUse> =>
  Effect.tryPromise({
    try: () => (path === "-" ? textOf(process.stdin) : readFile(path, "utf8")),
    catch: (cause) => wrongUse(`cannot read ${name(path)}: ${FileFailure.reasonOf(cause)}`),
  })

const name = (path: string) => (path === "-" ? "standard input" : path)

// The line is shown only up to its first quote, because a quoted value may be a secret.
const fault = (path: string, text: string, { line, column, message }: Json.JsonError): string => {
  const shown = (text.split("\n")[line - 1] ?? "")
    .slice(0, column)
    .replace(/"(?:[^"\\]|\\.)*"?/g, (quoted) => "·".repeat(quoted.length))
  return `${name(path)}:${line}:${column}: ${message}. Correct it at ^:\n  ${shown}\n  ${" ".repeat(column - 1)}^`
}
