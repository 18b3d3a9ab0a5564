import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { wrongUse } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"
import { description } from "./create.ts"

export const command = Command.make(
  "update",
  { id, name: Flag.String("name").pipe(Flag.withDescription("The new name"), Flag.optional), description },
  Effect.fnUntraced(function* ({ id, name, description }) {
    const payload = {
      ...(name._tag === "None" ? {} : { name: name.value }),
      ...(description._tag === "None" ? {} : { description: description.value }),
    }
    if (Object.keys(payload).length === 0) return yield* wrongUse("group update requires --name or --description")
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(
      client.modelGroups.update({ params: { model_group_id: id }, query: {}, payload, ...Session.whole }),
    )
    yield* Output.print(output, text, `Updated group ${id}`, [id])
  }),
).pipe(Command.withDescription("Change the name or description of a model group"))
