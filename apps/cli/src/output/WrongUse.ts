/** Reports an invalid command line: what is wrong first, then where the help is. All of it goes to standard error. */
import * as EditDistance from "@drawbar/blueprint-schema/EditDistance"
import { Console, Effect } from "effect"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as TerminalText from "../TerminalText.ts"

export const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.flatMap(CliOutput.Formatter, () => {
          const command = event.commandPath.join(" ")
          const problems = [...new Set(event.errors.map(sentence))].map((text) => `drawbar: ${text}`)
          return Console.error(
            TerminalText.visible(
              [
                ...problems,
                `Usage: ${event.helpDoc.usage}`,
                `Run \`${command} --help\` for its flags and examples.`,
              ].join("\n"),
            ),
          )
        })
      : CliOutput.defaultPresenter.present(event),
}

/** Commands that were renamed. */
const renamed: Readonly<Record<string, string>> = { keys: "keyring" }

const sentence = (error: CliError.CliError): string => {
  switch (error._tag) {
    case "UnknownSubcommand": {
      const now = renamed[error.subcommand]
      return now === undefined
        ? `unknown command ${error.subcommand}${suggested(error.suggestions)}`
        : `\`drawbar ${error.subcommand}\` is now \`drawbar ${now}\``
    }
    case "UnrecognizedOption":
      return `unknown flag ${error.option}${suggested(error.suggestions)}`
    case "InvalidValue":
      return `${error.message.replace(/^Invalid/, "invalid").replace(/^Missing/, "missing")}${nearest(error)}`
    default:
      return error.message.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())
  }
}

const suggested = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "" : `, did you mean ${names.join(" or ")}?`

/** The choice that a misspelled value is nearest to. */
const nearest = ({ value, expected }: CliError.InvalidValue): string => {
  const choices = [...expected.matchAll(/"([^"]+)"/g)].flatMap(([, choice]) => choice ?? [])
  const listed = choices.length > 0 ? choices : expected.split(/[\s,|:]+/)
  const ranked = listed
    .map((choice) => [choice, EditDistance.of(value.slice(0, maxCompared), choice)] as const)
    .filter(([choice, steps]) => steps <= Math.max(1, Math.floor(choice.length / 3)))
    .toSorted(([, a], [, b]) => a - b)
  return ranked[0] === undefined ? "" : `. Did you mean ${ranked[0][0]}?`
}

const maxCompared = 100
