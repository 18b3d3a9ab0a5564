import { createReadStream, createWriteStream } from "node:fs"
import process from "node:process"
import { createInterface } from "node:readline"
import { finished } from "node:stream/promises"
import { collections } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as Transfer from "@drawbar/document-store/Transfer"
import { keyIdOf } from "@drawbar/registry/secrets/CredentialVault"
import { Effect, Option, Stream } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Root from "../../Root.ts"
import * as Stores from "./Stores.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

const status = Command.make(
  "status",
  Stores.flags,
  Effect.fnUntraced(function* (flags) {
    const { output } = yield* Root.command
    yield* Stores.using(flags, "read", (name) =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const records: Record<string, number> = {}
        for (const collection of collections) records[collection] = yield* store.count(collection)
        const keys = new Set<string>()
        for (const collection of collections)
          yield* Stream.runForEach(store.all(collection), ({ sealed }) =>
            Effect.sync(() => {
              for (const text of Object.values(sealed)) keys.add(keyIdOf(text) ?? "unknown")
            }),
          )
        const rows = Object.entries(records).map(([collection, count]) => [collection, String(count)])
        const sealedWith =
          keys.size === 0 ? "No secrets are stored." : `Secrets are sealed with: ${[...keys].join(", ")}`
        yield* Output.print(
          output,
          JSON.stringify({ store: name, records, keys: [...keys] }),
          [name, Output.table(["collection", "records"], rows), sealedWith].join("\n"),
        )
      }),
    )
  }),
).pipe(Command.withDescription("Show how many records a store has and which encryption keys they need"))

const migrate = Command.make(
  "migrate",
  {
    ...Stores.flags,
    to: Flag.String("to").pipe(
      Flag.withMetavar("STORE"),
      Flag.withDescription("The folder or postgres:// URL to copy all records to; it has to be empty"),
      Flag.optional,
    ),
    toPassword: Flag.String("to-password").pipe(
      Flag.withMetavar("env:VARIABLE|file:PATH"),
      Flag.withDescription("The password of --to"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ to, toPassword, ...flags }) {
    const { output } = yield* Root.command
    if (Option.isNone(to)) {
      yield* Stores.using(flags, "write", (name) =>
        Output.print(output, JSON.stringify({ store: name }), `The schema of ${name} is current.`),
      )
      return
    }
    const { value: target } = to
    yield* Stores.using(flags, "read", (from) =>
      Effect.gen(function* () {
        const source = yield* Effect.context<DocumentStore>()
        const lines = Stream.provideContext(Transfer.lines, source)
        yield* Stores.at(target, Option.getOrUndefined(toPassword), "write", (name) =>
          Effect.flatMap(Transfer.write(lines), (records) =>
            Output.print(
              output,
              JSON.stringify({ from, to: name, records }),
              `Copied ${records} records from ${from} to ${name}. Secrets stay sealed: start the server there with the same key ring.`,
            ),
          ),
        )
      }),
    )
  }),
).pipe(
  Command.withDescription("Copy a registry to another store with --to; without it, bring the schema up to date"),
  Command.withExamples([{ command: "drawbar db migrate --data ./data --to postgres://drawbar@db.internal/drawbar" }]),
)

const exported = Command.make(
  "export",
  {
    ...Stores.flags,
    file: Flag.String("file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("The file to write, which must not exist; standard output without it"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ file, ...flags }) {
    yield* Stores.using(flags, "read", () =>
      Effect.gen(function* () {
        const target = Option.match(file, {
          onNone: () => process.stdout,
          onSome: (path) => createWriteStream(path, { flags: "wx", mode: 0o600 }),
        })
        const lines = Stream.toAsyncIterableWith(
          Stream.map(Transfer.lines, (line) => `${line}\n`),
          yield* Effect.context<DocumentStore>(),
        )
        yield* Effect.tryPromise({
          try: async () => {
            for await (const line of lines) if (!target.write(line)) await drained(target)
            if (target !== process.stdout) await finished(target.end())
          },
          catch: (cause) => failed(`the export failed: ${FileFailure.reasonOf(cause)}`),
        })
      }),
    )
  }),
).pipe(
  Command.withDescription("Write all records as lines of JSON, for a backup or another store; secrets stay sealed"),
)

const drained = (target: NodeJS.WritableStream) =>
  new Promise<void>((resolve, reject) => target.once("drain", resolve).once("error", reject))

const imported = Command.make(
  "import",
  { ...Stores.flags, file: Argument.String("file").pipe(Argument.withDescription("An export; - for standard input")) },
  Effect.fnUntraced(function* ({ file, ...flags }) {
    const { output } = yield* Root.command
    const input = file === "-" ? process.stdin : createReadStream(file)
    const lines = Stream.fromAsyncIterable(createInterface({ input, crlfDelay: Infinity }), (cause) =>
      failed(`cannot read ${file}: ${FileFailure.reasonOf(cause)}`),
    )
    yield* Stores.using(flags, "write", (name) =>
      Effect.flatMap(Transfer.write(lines), (records) =>
        Output.print(
          output,
          JSON.stringify({ to: name, records }),
          `${name} has the ${records} records of the export. Secrets stay sealed: start the server with the key ring that they were sealed with.`,
        ),
      ),
    )
  }),
).pipe(
  Command.withDescription("Write the records of an export to an empty store; it can be repeated if it was cut off"),
)

export const command = Command.make("db").pipe(
  Command.withDescription("The records themselves, without a server: copy them, export them, look at them"),
  Command.withSubcommands([status, migrate, exported, imported]),
)
