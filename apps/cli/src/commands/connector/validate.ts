import * as Json from "@drawbar/json-text/Json"
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as InputFile from "../../InputFile.ts"
import { failed } from "../../Failure.ts"
import * as Findings from "../../Findings.ts"
import * as NextCommand from "../../NextCommand.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { file } from "./create.ts"

export const command = Command.make(
  "validate",
  { file },
  Effect.fnUntraced(function* ({ file }) {
    const source = yield* InputFile.source(file)
    const payload: Json.JsonObject = yield* InputFile.parse(file, source)
    const { client, ask, output, again } = yield* Session.open
    const { value, text } = yield* ask(client.connectors.validate({ payload, ...Session.whole }))
    const lines = yield* Findings.placed(value.findings, file, source)
    const next = file === "-" ? [] : [`Next: ${NextCommand.onFile("create", file)}${again}`]
    const last = value.valid ? [Findings.summary(value.findings), ...next] : []
    yield* Output.print(output, text, [...lines, ...last].join("\n"))
    if (!value.valid) return yield* failed(Findings.summary(value.findings))
  }),
).pipe(Command.withDescription("Validate a blueprint on the server without creating a connector"))
