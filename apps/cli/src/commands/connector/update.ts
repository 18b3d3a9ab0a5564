import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as CredentialUse from "../../CredentialUse.ts"
import { wrongUse } from "../../Failure.ts"
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
    const secrets = yield* Secret.resolve(credential)
    const payload = yield* Secret.into(change, secrets)
    if (Object.keys(payload).length === 0)
      return yield* wrongUse(
        `nothing to update. Give a file with the fields to change, or a secret: drawbar connector update ${id} --credential NAME=env:VARIABLE`,
      )
    const { client, ask, output } = yield* Session.open
    if (Object.keys(secrets).length > 0) {
      const { value } = yield* ask(client.connectors.get({ params: { connector_id: id }, query: {}, ...Session.whole }))
      const unused = CredentialUse.unused({ ...value, ...change }, Object.keys(secrets))
      if (unused !== undefined)
        return yield* wrongUse(
          `--credential ${unused.name}: nothing in the connector ${id} uses it. ${unused.used.length === 0 ? "It uses none" : `Use one of [${unused.used.join(", ")}]`}, or change its headers in the same update`,
        )
    }
    const { text } = yield* ask(
      client.connectors.update({ params: { connector_id: id }, query: {}, payload, ...Session.whole }),
    )
    yield* Output.print(
      output,
      text,
      `Updated connector ${id}; its models use the change from their next predict request on`,
      [id],
    )
  }),
).pipe(
  Command.withDescription("Change a connector: the fields in a file, or only its credentials"),
  Command.withExamples([{ command: "drawbar connector update ID --credential openAI_key=file:./new-key" }]),
)
