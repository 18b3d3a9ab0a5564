import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"

export const description = Flag.String("description").pipe(
  Flag.withDescription("A description of the group"),
  Flag.optional,
)

export const command = Command.make(
  "create",
  { name: Argument.String("name"), description },
  Effect.fnUntraced(function* ({ name, description }) {
    const { client, ask, output } = yield* Session.open
    const payload = description._tag === "None" ? { name } : { name, description: description.value }
    const { value, text } = yield* ask(client.modelGroups.register({ payload, ...Session.whole }))
    yield* Output.print(output, text, `Created group ${value.model_group_id}`, [value.model_group_id])
  }),
).pipe(Command.withDescription("Create a model group"))
