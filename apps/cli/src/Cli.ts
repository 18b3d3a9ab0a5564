/** The command tree; each branch is a folder of `commands`. */
import process from "node:process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer } from "effect"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Alias from "./commands/alias/alias.ts"
import * as Backup from "./commands/backup.ts"
import * as Blueprint from "./commands/blueprint/blueprint.ts"
import * as Connector from "./commands/connector/connector.ts"
import * as Db from "./commands/db/db.ts"
import * as Context from "./commands/context.ts"
import * as Controller from "./commands/controller/controller.ts"
import * as Demo from "./commands/demo.ts"
import * as Group from "./commands/group/group.ts"
import * as Help from "./commands/help.ts"
import * as Key from "./commands/key/key.ts"
import * as Keyring from "./commands/keyring/keyring.ts"
import * as Lint from "./commands/lint.ts"
import * as Login from "./commands/login.ts"
import * as Model from "./commands/model/model.ts"
import * as Render from "./commands/render.ts"
import * as Restore from "./commands/restore.ts"
import * as Serve from "./commands/serve.ts"
import * as Settings from "./commands/settings.ts"
import * as Stats from "./commands/stats.ts"
import * as Status from "./commands/status.ts"
import * as Task from "./commands/task/task.ts"
import * as Trust from "./commands/trust.ts"
import * as User from "./commands/user/user.ts"
import * as Version from "./commands/version.ts"
import * as Whoami from "./commands/whoami.ts"
import { version } from "@drawbar/http-api/routes/Version"
import * as Failure from "./Failure.ts"
import * as Root from "./Root.ts"
import * as TerminalText from "./TerminalText.ts"
import * as WrongUse from "./output/WrongUse.ts"

const tree = Root.command.pipe(
  Command.withSubcommands([
    Serve.command,
    Demo.command,
    Blueprint.command,
    Connector.command,
    Model.command,
    Alias.command,
    Group.command,
    Controller.command,
    Task.command,
    Render.command,
    Lint.command,
    Trust.command,
    Trust.untrust,
    Settings.command,
    Stats.command,
    Keyring.command,
    Db.command,
    Backup.command,
    Restore.command,
    User.command,
    Key.command,
    Login.command,
    Context.command,
    Whoami.command,
    Status.command,
    Version.command,
    Help.command,
  ]),
)

const services = Layer.mergeAll(
  NodeServices.layer,
  FetchHttpClient.layer,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
  CliOutput.layerPresenter(WrongUse.presenter),
)

/** Runs one command line and returns its exit code. */
export const run = async (given: ReadonlyArray<string>): Promise<number> => {
  const args = Help.rewritten(given)
  // `drawbar help serve`: the server explains its own flags.
  if (args[0] === "serve") return (await import("@drawbar/server/Serve")).run(args.slice(1), process.env)
  return runTree(args)
}

const runTree = (args: ReadonlyArray<string>): Promise<number> =>
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
