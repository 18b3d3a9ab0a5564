import { ModelDocument } from "@drawbar/registry/models/ModelDocument"
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as InputFile from "../../InputFile.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { file } from "../connector/create.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "update",
  { id, file },
  Effect.fnUntraced(function* ({ id, file }) {
    const payload = yield* InputFile.readAs(ModelDocument, file)
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(
      client.models.update({ params: { model_id: id }, query: {}, payload, ...Session.whole }),
    )
    yield* Output.print(output, text, `Updated model ${id}`, [id])
  }),
).pipe(Command.withDescription("Change a model: the fields in a file"))
