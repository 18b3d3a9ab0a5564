import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import * as Record from "../Record.ts"
import * as Set from "./set.ts"

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.aliases.list(Session.whole))
    const rows = value.aliases.map(({ name, targets }) => [
      name,
      targets.map(({ model_id, weight }) => (targets.length === 1 ? model_id : `${model_id}=${weight}`)).join(" "),
    ])
    yield* Output.print(output, text, rows.length === 0 ? "No aliases" : Output.table(["name", "models"], rows))
  }),
).pipe(Command.withDescription("List aliases"))

export const command = Command.make("alias").pipe(
  Command.withDescription("Aliases: names for models, which can be switched from one model to another"),
  Command.withSubcommands([
    Set.command,
    Record.get("alias", ({ client, ask }, name) => ask(client.aliases.get({ params: { name }, ...Session.whole }))),
    list,
    Record.remove("alias", ({ client, ask }, name) =>
      ask(client.aliases.delete({ params: { name }, ...Session.whole })),
    ),
  ]),
)
