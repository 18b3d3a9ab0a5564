import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "deploy",
  { id },
  Effect.fnUntraced(function* ({ id }) {
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(client.models.deploy({ params: { model_id: id }, payload: {}, ...Session.whole }))
    yield* Output.print(output, text, `Deployed model ${id}\nNext: drawbar model predict ${id}`)
  }),
).pipe(Command.withDescription("Deploy a model, so that it accepts predict requests"))
