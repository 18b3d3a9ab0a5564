/** Prints the result of a command: text for people, or the server's JSON for programs. */
import * as Json from "@drawbar/json-text/Json"
import { Clock, Console, Effect, Result } from "effect"
import * as Age from "./output/Age.ts"
import * as Yaml from "./output/Yaml.ts"
import * as TerminalText from "./TerminalText.ts"

export type Format = "table" | "json" | "yaml" | "name"

/** `text` is JSON, `words` is the text for people; `names` are the ids of what it is about, where it is about records. */
export const print = (
  format: Format,
  text: string,
  words: string,
  names?: ReadonlyArray<string>,
): Effect.Effect<void> => {
  if (format === "name" && names !== undefined)
    return Effect.forEach(names, (name) => Console.log(TerminalText.visible(name)), { discard: true })
  return Console.log(TerminalText.visible(format === "json" ? pretty(text) : format === "yaml" ? yaml(text) : words))
}

/** What a person should know and a program that reads the result should not get. */
export const note = (words: string): Effect.Effect<void> => Console.error(TerminalText.visible(words))

/** Indents JSON text and keeps the digits of every number. */
export const pretty = (text: string): string =>
  Result.match(Json.parse(text), {
    onSuccess: (value) => JSON.stringify(value, null, 2),
    onFailure: () => text,
  })

const yaml = (text: string): string => Result.match(Json.parse(text), { onSuccess: Yaml.write, onFailure: () => text })

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

/** The members of a JSON object, one per line, with times as dates. */
export const fields = (text: string): Effect.Effect<string> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Result.match(Json.parse(text), {
      onSuccess: (value) =>
        Json.isObject(value)
          ? aligned(
              Object.entries(value).map(([name, item]) => [
                name,
                Age.isTime(name, item) ? Age.moment(item, now) : Json.toText(item),
              ]),
            )
          : text,
      onFailure: () => text,
    }),
  )

export const aligned = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, item]) => `${name.padEnd(width)}  ${item}`).join("\n")
}
