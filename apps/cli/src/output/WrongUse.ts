/** Reports an invalid command line: what is wrong first, then where the help is. All of it goes to standard error. */
import * as HelpText from "@drawbar/server/options/HelpText"
import * as InvalidInvocation from "@drawbar/server/options/InvalidInvocation"
import { Console, Effect } from "effect"
import * as CliOutput from "effect/cli/CliOutput"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as TerminalText from "../TerminalText.ts"

export const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.suspend(() => {
          const command = event.commandPath.join(" ")
          const problems = [...new Set(event.errors.map((error) => InvalidInvocation.sentence(error, renamed)))].map(
            (text) => `drawbar: ${text}`,
          )
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
      : event._tag === "Help"
        ? Effect.flatMap(TerminalCapabilities, ({ canColor }) =>
            Console.log(
              HelpText.wrapped(CliOutput.defaultFormatter({ colors: canColor }).formatHelpDoc(event.helpDoc)).trimEnd(),
            ),
          )
        : CliOutput.defaultPresenter.present(event),
}

/** Commands that were renamed. */
const renamed: Readonly<Record<string, string>> = { keys: "keyring" }
