import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { failed } from "../../Failure.ts"
import * as Findings from "../../Findings.ts"
import * as InputFile from "../../InputFile.ts"
import * as NextCommand from "../../NextCommand.ts"
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
    const source = yield* InputFile.source(file)
    const document = yield* InputFile.as(Blueprint.Document, yield* InputFile.parse(file, source), file)
    const payload = yield* Secret.into(document, yield* Secret.resolve(credential))
    yield* create(payload, file, source)
  }),
).pipe(
  Command.withDescription("Create a connector from a blueprint"),
  Command.withExamples([
    { command: "drawbar connector create openai-chat.json --credential openAI_key=env:OPENAI_API_KEY" },
  ]),
)

/** `file` is what messages call the document; `source` is its text, if it is a file. */
export const create = Effect.fnUntraced(function* (payload: Blueprint.Document, file: string, source?: string) {
  const session = yield* Session.open
  const { client, ask, output } = session
  const { value, text } = yield* ask(client.connectors.create({ payload, ...Session.whole })).pipe(
    Effect.catch((refusal) => Effect.andThen(explain(session, payload, file, source), refusal)),
  )
  const id = value.connector_id
  const name = typeof payload.name === "string" ? payload.name : "model"
  const words = [
    `Created connector ${id}`,
    `To try it with one call: ${NextCommand.drawbar} connector test ${id}${session.again}`,
    `Next: ${NextCommand.register(session, id, name)}`,
  ]
  yield* Output.print(output, text, words.join("\n"), [id])
})

/** The API reports the first problem of a document. Fails with all of them, if the linter knows them. */
const explain = Effect.fnUntraced(function* (
  { client, ask }: Effect.Success<typeof Session.open>,
  payload: Blueprint.Document,
  file: string,
  source: string | undefined,
) {
  const report = yield* Effect.option(ask(client.connectors.validate({ payload, ...Session.whole })))
  if (report._tag === "None" || report.value.value.valid) return
  const { findings } = report.value.value
  const lines = yield* Findings.placed(findings, file, source)
  return yield* failed(`${file} is not a valid connector: ${Findings.summary(findings)}\n${lines.join("\n")}`)
})
