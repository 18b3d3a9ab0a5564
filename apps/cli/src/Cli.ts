/** The command tree; each branch is a folder of `commands`. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer } from "effect"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Blueprint from "./commands/blueprint/blueprint.ts"
import * as Connector from "./commands/connector/connector.ts"
import * as Group from "./commands/group/group.ts"
import * as Key from "./commands/key/key.ts"
import * as Keys from "./commands/keys/keys.ts"
import * as Lint from "./commands/lint.ts"
import * as Model from "./commands/model/model.ts"
import * as Render from "./commands/render.ts"
import * as Serve from "./commands/serve.ts"
import * as Task from "./commands/task/task.ts"
import * as Usage from "./commands/usage.ts"
import * as User from "./commands/user/user.ts"
import { version } from "@drawbar/http-api/routes/Version"
import * as Failure from "./Failure.ts"
import * as Root from "./Root.ts"
import * as TerminalText from "./TerminalText.ts"

const tree = Root.command.pipe(
  Command.withSubcommands([
    Serve.command,
    Blueprint.command,
    Connector.command,
    Model.command,
    Group.command,
    Task.command,
    Render.command,
    Lint.command,
    Keys.command,
    User.command,
    Key.command,
    Usage.command,
  ]),
)

const services = Layer.merge(NodeServices.layer, FetchHttpClient.layer)

/** Runs one command line and returns its exit code. */
export const run = (args: ReadonlyArray<string>): Promise<number> =>
  Command.runWith(tree, { version })(args).pipe(
    Effect.as(0),
    Effect.catch((error) =>
      CliError.isCliError(error)
        ? Effect.succeed(isWrongUse(error) ? 2 : 0)
        : Effect.as(
            Console.error(TerminalText.visible(`drawbar: ${Failure.sentenceOf(error)}`)),
            Failure.exitCodeOf(error),
          ),
    ),
    Effect.provide(services),
    Effect.runPromise,
  )

// The parser reports requested help as an error.
const isWrongUse = (error: CliError.CliError): boolean => error._tag !== "ShowHelp" || error.errors.length > 0
