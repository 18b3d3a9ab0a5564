/** `drawbar restore FILE`: the records of a backup into the folder of a server that does not run. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as FreePort from "@drawbar/server/options/FreePort"
import { Config, Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../Failure.ts"
import * as NextCommand from "../NextCommand.ts"
import * as Output from "../Output.ts"
import * as Root from "../Root.ts"

const file = Argument.String("file").pipe(Argument.withDescription("A file that drawbar backup wrote"))

const data = Flag.String("data").pipe(
  Flag.withMetavar("FOLDER"),
  Flag.withDescription("The server's data folder, as in drawbar serve --data; defaults to DRAWBAR_DATA, else ./data"),
  Flag.withFallbackConfig(Config.String("DRAWBAR_DATA")),
  Flag.withDefault("./data"),
)

const force = Flag.Boolean("force").pipe(
  Flag.withDescription("Replace the records that are in the folder; the replaced file is kept beside"),
  Flag.withDefault(false),
)

export const command = Command.make(
  "restore",
  { file, data, force },
  Effect.fnUntraced(function* ({ file, data, force }) {
    const { output } = yield* Root.command
    if (!existsSync(file)) return yield* failed(`${file} not found. Name a file that \`drawbar backup\` wrote`)
    const { restore } = yield* Effect.promise(() => import("@drawbar/document-store/SqliteRestore"))
    const database = join(data, "drawbar.db")
    const { records, before } = yield* Effect.tryPromise({
      try: () => restore({ file, database, replaces: force }),
      catch: (cause) => failed(cause instanceof Error ? cause.message : String(cause)),
    })
    const keyring = join(data, "keyring.json")
    yield* Output.print(
      output,
      JSON.stringify({ database, records, ...(before === undefined ? {} : { before }) }),
      [
        `Restored ${records} records to ${database}.`,
        ...(before === undefined ? [] : [`The records before are in ${before}.`]),
        ...(existsSync(keyring)
          ? []
          : [
              `The key ring is not part of a backup. Before the start, copy the one of the server that was backed up to ${keyring}, or name it with --keyring.`,
            ]),
        `Next: ${yield* serve(data)}`,
      ].join("\n"),
    )
  }),
).pipe(Command.withDescription("Put the records of a backup into a server's data folder, while no server runs on it"))

/** The server that was backed up may still run: beside it the other one takes its key ring, if it is here, and a free port. */
const serve = (data: string) =>
  Effect.gen(function* () {
    const port = yield* Effect.promise(() => FreePort.near("127.0.0.1", defaultPort - 1))
    return [
      `${NextCommand.drawbar} serve --data ${NextCommand.word(data)}`,
      ...(existsSync(join(data, "keyring.json")) || !existsSync(defaultKeyring) ? [] : [`--keyring ${defaultKeyring}`]),
      ...(port === defaultPort ? [] : [`--port ${port}`]),
    ].join(" ")
  })

const defaultPort = 9200
const defaultKeyring = join("data", "keyring.json")
