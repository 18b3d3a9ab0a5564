import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as NextCommand from "../../NextCommand.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "deploy",
  { id },
  Effect.fnUntraced(function* ({ id }) {
    const session = yield* Session.open
    const { client, ask, output } = session
    const { text } = yield* ask(client.models.deploy({ params: { model_id: id }, payload: {}, ...Session.whole }))
    const words = [
      `Deployed model ${id}`,
      `Next: ${yield* NextCommand.predict(session, id)}`,
      `A key for an application: ${NextCommand.key(session, id)}`,
    ]
    yield* Output.print(output, text, words.join("\n"), [id])
  }),
).pipe(Command.withDescription("Deploy a model, so that it accepts predict requests"))
