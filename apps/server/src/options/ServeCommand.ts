/** The server's command line, parsed and explained by the library that the command `drawbar` uses. */
import { version } from "@drawbar/http-api/routes/Version"
import { Console, Effect, FileSystem, Layer, Option, Path, Stdio, Terminal } from "effect"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { ChildProcessSpawner, make as makeSpawner } from "effect/process/ChildProcessSpawner"
import * as FlagTable from "./FlagTable.ts"
import * as HelpText from "./HelpText.ts"
import * as InvalidInvocation from "./InvalidInvocation.ts"

/** The values of the flags that were given. */
export type Given = {
  readonly [N in FlagTable.Name]?: (typeof FlagTable.table)[N] extends { multiple: true }
    ? ReadonlyArray<string>
    : (typeof FlagTable.table)[N] extends { type: "boolean" }
      ? boolean
      : string
}

export type Parsed =
  | { readonly _tag: "Given"; readonly values: Given }
  /** Help or the version was asked for; `text` is it. */
  | { readonly _tag: "Shown"; readonly text: string }
  /** The text says what is wrong, and where the help is. */
  | { readonly _tag: "Invalid"; readonly text: string }

type Value = Option.Option<string | boolean> | ReadonlyArray<string>

const flagOf = (row: FlagTable.Named): Flag.Flag<Value> => {
  const [name, { type, multiple, value = "" }] = row
  const description = FlagTable.descriptionOf(row)
  if (type === "boolean")
    return Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.optional)
  const text = Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar(value))
  return multiple === true ? Flag.atLeast(text, 0) : Flag.optional(text)
}

const flags = Object.fromEntries(FlagTable.rows.map((row) => [row[0], flagOf(row)]))

const given = (values: Readonly<Record<string, Value>>): Given =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): ReadonlyArray<readonly [string, unknown]> => {
      if (Option.isOption(value)) return Option.isSome(value) ? [[name, value.value]] : []
      return value.length === 0 ? [] : [[name, value]]
    }),
  )

/** Nothing of the system is needed to read text flags. */
const services = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Stdio.layerTest({}),
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.succeed(100),
      rows: Effect.succeed(50),
      size: Effect.die("no terminal"),
      readInput: Effect.die("no terminal"),
      readLine: Effect.die("no terminal"),
      display: () => Effect.void,
    }),
  ),
  Layer.succeed(
    ChildProcessSpawner,
    makeSpawner(() => Effect.die("no process")),
  ),
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
)

/** Parses the arguments after the program's name; prints nothing. */
export const parse = (args: ReadonlyArray<string>): Parsed => {
  let parsed: Parsed = { _tag: "Shown", text: "" }
  const command = Command.make("drawbar serve", flags, (values) =>
    Effect.sync(() => {
      parsed = { _tag: "Given", values: given(values) }
    }),
  ).pipe(
    Command.withDescription(
      "Run the server. A flag takes precedence over its environment variable. The server also reads HTTPS_PROXY and NO_PROXY (outbound proxy) and OTEL_EXPORTER_OTLP_ENDPOINT (telemetry); docs/configuration.md lists all.",
    ),
  )
  const formatter = CliOutput.defaultFormatter({ colors: false })
  const presenter: CliOutput.Presenter = {
    present: (event) =>
      Effect.sync(() => {
        parsed =
          event._tag === "Version"
            ? { _tag: "Shown", text: `drawbar ${event.version}` }
            : event._tag === "Help"
              ? { _tag: "Shown", text: HelpText.wrapped(formatter.formatHelpDoc(event.helpDoc)).trimEnd() }
              : { _tag: "Invalid", text: invalid(event.errors.map((error) => InvalidInvocation.sentence(error))) }
      }),
  }
  Command.runWith(command, { version })(args).pipe(
    Effect.catch((error) => (CliError.isCliError(error) ? Effect.void : Effect.die(error))),
    Effect.provide(Layer.merge(services, CliOutput.layerPresenter(presenter))),
    Effect.provideService(Console.Console, globalThis.console),
    Effect.runSync,
  )
  return parsed
}

/** The problems, then where the help is. */
export const invalid = (problems: ReadonlyArray<string>): string =>
  [
    ...new Set(problems.map((problem) => `drawbar: ${problem}`)),
    "Usage: drawbar serve [flags]",
    "Run `drawbar serve --help` for all flags.",
  ].join("\n")
