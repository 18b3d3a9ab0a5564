import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"

export const command = Command.make(
  "undeploy",
  { ids: Argument.String("id").pipe(Argument.atLeast(1)) },
  Effect.fnUntraced(function* ({ ids }) {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.models.undeployAll({ payload: { model_ids: ids }, ...Session.whole }))
    const rows = Object.values(value).flatMap(({ stats }) => Object.entries(stats))
    yield* Output.print(output, text, Output.table(["model", "state"], rows), ids)
  }),
).pipe(Command.withDescription("Unload models from memory; their records are kept"))
