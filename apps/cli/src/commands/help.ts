/** The command line is turned into `… --help` before this tree is parsed. This entry only provides a line in the help. */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"

export const command = Command.make(
  "help",
  { command: Argument.String("command").pipe(Argument.atLeast(0)) },
  () => Effect.void,
).pipe(Command.withDescription("Show help for a command: `drawbar help model predict`"))

/** The arguments that show what `help` asks for. */
export const rewritten = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args[0] === "help" ? [...args.slice(1).filter((arg) => !arg.startsWith("-")), "--help"] : args
