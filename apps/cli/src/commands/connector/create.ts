import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as InputFile from "../../InputFile.ts"
import * as Output from "../../Output.ts"
import * as Secret from "../../Secret.ts"
import * as Session from "../../Session.ts"

export const file = Argument.String("file").pipe(
  Argument.withDescription("JSON or Dev Tools console text; - for standard input"),
)

export const command = Command.make(
  "create",
  { file, credential: Secret.flag },
  Effect.fnUntraced(function* ({ file, credential }) {
    const document = yield* InputFile.readAs(Blueprint.Document, file)
    const payload = yield* Secret.into(document, yield* Secret.resolve(credential))
    yield* create(payload)
  }),
).pipe(
  Command.withDescription("Create a connector from a blueprint"),
  Command.withExamples([
    { command: "drawbar connector create openai-chat.json --credential openAI_key=env:OPENAI_API_KEY" },
  ]),
)

export const create = Effect.fnUntraced(function* (payload: Blueprint.Document) {
  const { client, ask, output } = yield* Session.open
  const { value, text } = yield* ask(client.connectors.create({ payload, ...Session.whole }))
  const words = `Created connector ${value.connector_id}\nNext: drawbar model register --name NAME --connector ${value.connector_id} --deploy`
  yield* Output.print(output, text, words)
})
