/** Prints the result of a command: text for people, or the server's JSON for programs. */
import * as Json from "@drawbar/json-text/Json"
import { Console, Effect, Result } from "effect"
import * as TerminalText from "./TerminalText.ts"

export type Format = "table" | "json"

/** `text` is JSON; `words` is the text for people. */
export const print = (format: Format, text: string, words: string): Effect.Effect<void> =>
  Console.log(TerminalText.visible(format === "json" ? pretty(text) : words))

/** Indents JSON text and keeps the digits of every number. */
export const pretty = (text: string): string =>
  Result.match(Json.parse(text), {
    onSuccess: (value) => JSON.stringify(value, null, 2),
    onFailure: () => text,
  })

/** Rows under column names; each column is as wide as its widest cell. */
export const table = (names: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const lines = [names.map((name) => name.toUpperCase()), ...rows]
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

/** The members of a JSON object, one per line. */
export const fields = (text: string): string =>
  Result.match(Json.parse(text), {
    onSuccess: (value) =>
      Json.isObject(value) ? aligned(Object.entries(value).map(([name, item]) => [name, Json.toText(item)])) : text,
    onFailure: () => text,
  })

const aligned = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, item]) => `${name.padEnd(width)}  ${item}`).join("\n")
}
