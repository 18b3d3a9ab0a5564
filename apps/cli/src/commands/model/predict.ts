import { Effect, Option } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Output from "../../Output.ts"
import * as PredictRequest from "../../PredictRequest.ts"
import * as Session from "../../Session.ts"
import * as Streamed from "../../Streamed.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "predict",
  {
    id,
    ...PredictRequest.flags,
    stream: Flag.Boolean("stream").pipe(
      Flag.withDescription(
        "Print the text of the response as it arrives; with -o json, one line of JSON for each event",
      ),
      Flag.withDefault(false),
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withMetavar("30s"),
      Flag.withDescription("Time limit for the whole response, including a stream"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ id, stream, timeout, ...given }) {
    const { algorithm, payload } = yield* PredictRequest.read(given)
    const session = yield* Session.open
    const { client, ask, output } = session
    const query = Option.isNone(timeout) ? {} : { timeout: timeout.value }
    if (stream) return yield* Streamed.print(session, id, payload, query)
    const { text } = yield* ask(
      client.predictions.predictAs({ params: { algorithm, model_id: id }, query, payload, ...Session.whole }),
    )
    yield* Output.print(output, text, Output.pretty(text))
  }),
).pipe(
  Command.withDescription("Send a predict request to a model"),
  Command.withExamples([
    { command: "drawbar model predict ID --param prompt='Say hello'" },
    { command: "drawbar model predict ID --param prompt='Say hello' --stream" },
    { command: "drawbar model predict ID --text 'one document' --text another" },
    { command: "drawbar model predict ID --parameters messages.json" },
  ]),
)
