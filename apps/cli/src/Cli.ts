/** Runs a command line; each branch of the command tree is a folder of `commands`. */
import process from "node:process"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit, Layer, Option } from "effect"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Commands from "./commands/Commands.ts"
import * as Help from "./commands/help.ts"
import { version } from "@drawbar/http-api/routes/Version"
import * as CompletionScript from "./completion/CompletionScript.ts"
import * as Failure from "./Failure.ts"
import * as Root from "./Root.ts"
import * as TerminalText from "./TerminalText.ts"
import * as WrongUse from "./output/WrongUse.ts"

const treeOf = async (word?: string) => Root.command.pipe(Command.withSubcommands(await Commands.load(word)))
type Tree = Awaited<ReturnType<typeof treeOf>>

/** Runs one command line and returns its exit code. */
export const run = async (given: ReadonlyArray<string>): Promise<number> => {
  const args = Help.rewritten(given)
  // `drawbar help serve`: the server explains its own flags.
  if (args[0] === "serve") return (await import("@drawbar/server/Serve")).run(args.slice(1), process.env)
  if (args[0] === "__complete") return complete(args.slice(1))
  const ended = await Effect.runPromiseExit(runTree(await treeOf(args[0]), args))
  if (Exit.isSuccess(ended)) return ended.value
  // Ctrl-C at a prompt: the shell's code for a command that SIGINT ended.
  if (Cause.hasInterruptsOnly(ended.cause)) return 130
  throw Cause.squash(ended.cause)
}

const runTree = (tree: Tree, args: ReadonlyArray<string>) =>
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
  )

/** Prints the words that fit; nothing where the server does not respond soon. */
const complete = async (words: ReadonlyArray<string>): Promise<number> => {
  const Completion = await import("./completion/Completion.ts")
  const tree = await treeOf()
  const found = Completion.of(Completions.fromCommand(tree), words)
  let candidates = found._tag === "Words" ? found.candidates : []
  if (found._tag === "Listed") {
    const printed: Array<string> = []
    const quiet = { ...globalThis.console, log: (text: string) => void printed.push(text), error: () => {} }
    const listing = runTree(tree, [...found.source, "-o", "json", ...Completion.serverFlags(words)]).pipe(
      Effect.provideService(Console.Console, quiet),
      Effect.timeoutOption("5 seconds"),
    )
    const code = await Effect.runPromise(listing)
    candidates = Option.getOrElse(code, () => 1) === 0 ? Completion.candidatesIn(printed.join("\n")) : []
  }
  const lines = Completion.lines(candidates, words.at(-1) ?? "")
  if (lines !== "") process.stdout.write(`${TerminalText.visible(lines)}\n`)
  return 0
}

/** The library's scripts know commands and flags only; PowerShell has that of the library. */
const completions = GlobalFlag.Action({
  flag: GlobalFlag.Completions.flag,
  run: (shell, context) => {
    const script = CompletionScript.shells.find((known) => known === Option.getOrUndefined(shell))
    return script === undefined ? GlobalFlag.Completions.run(shell, context) : Console.log(CompletionScript.of(script))
  },
})

const services = Layer.mergeAll(
  NodeServices.layer,
  // Loads a part of what `fetch` does.
  NodeHttpClient.layerNodeHttp,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, completions] }),
  CliOutput.layerPresenter(WrongUse.presenter),
)

// The parser reports requested help as an error.
const isWrongUse = (error: CliError.CliError): boolean => error._tag !== "ShowHelp" || error.errors.length > 0
