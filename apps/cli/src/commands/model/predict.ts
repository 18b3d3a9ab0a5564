import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Output from "../../Output.ts"
import * as PredictInput from "../../PredictInput.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "predict",
  { id, ...PredictInput.flags },
  Effect.fnUntraced(function* ({ id, ...given }) {
    const { algorithm, payload } = yield* PredictInput.read(given)
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(
      client.predictions.predictAs({ params: { algorithm, model_id: id }, payload, ...Session.whole }),
    )
    yield* Output.print(output, text, Output.pretty(text))
  }),
).pipe(
  Command.withDescription("Ask a model"),
  Command.withExamples([
    { command: "drawbar model predict ID --param prompt='Say hello'" },
    { command: "drawbar model predict ID --text 'one document' --text another" },
    { command: "drawbar model predict ID --parameters messages.json" },
  ]),
)
