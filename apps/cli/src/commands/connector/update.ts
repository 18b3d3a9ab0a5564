import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as InputFile from "../../InputFile.ts"
import * as Output from "../../Output.ts"
import * as Secret from "../../Secret.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"
import { file } from "./create.ts"

export const command = Command.make(
  "update",
  { id, file: Argument.optional(file), credential: Secret.flag },
  Effect.fnUntraced(function* ({ id, file, credential }) {
    const change = file._tag === "None" ? {} : yield* InputFile.readAs(Blueprint.Document, file.value)
    const payload = yield* Secret.into(change, yield* Secret.resolve(credential))
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(
      client.connectors.update({ params: { connector_id: id }, query: {}, payload, ...Session.whole }),
    )
    yield* Output.print(
      output,
      text,
      `Updated connector ${id}; its models use the change from their next predict request on`,
    )
  }),
).pipe(
  Command.withDescription("Change a connector: the fields in a file, or only its credentials"),
  Command.withExamples([{ command: "drawbar connector update ID --credential openAI_key=file:./new-key" }]),
)
