/** What is wrong with a command line, in one line for each problem; where the values end, the nearest known one. */
import * as EditDistance from "@drawbar/blueprint-schema/EditDistance"
import type * as CliError from "effect/cli/CliError"

/** `renamed` maps former names of commands to their names of today. */
export const sentence = (error: CliError.CliError, renamed: Readonly<Record<string, string>> = {}): string => {
  switch (error._tag) {
    case "UnknownSubcommand": {
      const now = Object.hasOwn(renamed, error.subcommand) ? renamed[error.subcommand] : undefined
      return now === undefined
        ? `unknown command ${error.subcommand}${suggested(error.suggestions)}`
        : `\`drawbar ${error.subcommand}\` is now \`drawbar ${now}\``
    }
    case "UnrecognizedOption":
      return `unknown flag ${error.option}${suggested(error.suggestions)}`
    case "InvalidValue": {
      const choices = [...error.expected.matchAll(/"([^"]+)"/g)].flatMap(([, choice]) => choice ?? [])
      return `${lowered(error.message)}${meant(error.value, choices)}`
    }
    default:
      return lowered(error.message)
  }
}

const lowered = (text: string): string => text.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())

const suggested = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "" : `, did you mean ${names.join(" or ")}?`

/** ` Did you mean …?`, where a text is near one of the choices: a third of its characters, or `minSteps` of them. */
export const meant = (text: string, choices: ReadonlyArray<string>, minSteps = 1): string => {
  const ranked = choices
    .map((choice) => [choice, EditDistance.of(text.slice(0, maxCompared), choice)] as const)
    .filter(([choice, steps]) => steps <= Math.max(minSteps, Math.floor(choice.length / 3)))
    // Of two that are as near, the one that was begun.
    .toSorted(([a, m], [b, n]) => m - n || Number(b.startsWith(text)) - Number(a.startsWith(text)))
  return ranked[0] === undefined ? "" : ` Did you mean ${ranked[0][0]}?`
}

const maxCompared = 100
