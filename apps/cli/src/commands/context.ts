/** The servers that `drawbar login` stored. */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Confirmation from "../Confirmation.ts"
import { failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Root from "../Root.ts"
import * as ContextFile from "../server/ContextFile.ts"

const name = Argument.String("name").pipe(Argument.withDescription("The name, as `drawbar context list` prints it"))

const credentials = ({ key, user }: ContextFile.Context): string =>
  key !== undefined ? "API key" : user !== undefined ? `user ${user}` : "none"

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function* () {
    const { output } = yield* Root.command
    const { current, contexts } = yield* ContextFile.read
    const all = Object.entries(contexts)
    const shown = all.map(([name, context]) => ({
      name,
      current: name === current,
      url: context.url,
      credentials: credentials(context),
    }))
    const words =
      all.length === 0
        ? "No contexts. `drawbar login URL` stores one"
        : Output.table(
            ["current", "name", "url", "credentials"],
            shown.map((row) => [row.current ? "*" : "", row.name, row.url, row.credentials]),
          )
    yield* Output.print(
      output,
      JSON.stringify(shown),
      words,
      all.map(([name]) => name),
    )
  }),
).pipe(Command.withDescription("List the contexts"))

const existing = Effect.fnUntraced(function* (name: string) {
  const stored = yield* ContextFile.read
  if (!Object.hasOwn(stored.contexts, name))
    return yield* failed(`context ${name} not found. \`drawbar context list\` shows the contexts`)
  return stored
})

const use = Command.make(
  "use",
  { name },
  Effect.fnUntraced(function* ({ name }) {
    const { output } = yield* Root.command
    const stored = yield* existing(name)
    yield* ContextFile.write({ ...stored, current: name })
    const url = stored.contexts[name]?.url ?? ""
    yield* Output.print(output, JSON.stringify({ name, url }), `Commands call ${url} now`, [name])
  }),
).pipe(Command.withDescription("Choose the context of the commands that follow"))

const remove = Command.make(
  "delete",
  { name, yes: Confirmation.yes },
  Effect.fnUntraced(function* ({ name, yes }) {
    const { output } = yield* Root.command
    const { current, contexts } = yield* existing(name)
    yield* Confirmation.ask(`Delete context ${name} and its credentials?`, yes)
    const { [name]: _, ...rest } = contexts
    yield* ContextFile.write({ ...(current === undefined || current === name ? {} : { current }), contexts: rest })
    yield* Output.print(output, JSON.stringify({ name, result: "deleted" }), `Deleted context ${name}`, [name])
  }),
).pipe(Command.withDescription("Forget a context and its credentials"))

export const command = Command.make("context").pipe(
  Command.withDescription("Contexts: the servers that `drawbar login` stored"),
  Command.withSubcommands([list, use, remove]),
)
