import { ModelDocument } from "@drawbar/registry/models/ModelDocument"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as InputFile from "../../InputFile.ts"
import { wrongUse } from "../../Failure.ts"
import * as NextCommand from "../../NextCommand.ts"
import * as Output from "../../Output.ts"
import * as Secret from "../../Secret.ts"
import * as Session from "../../Session.ts"

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

export const command = Command.make(
  "register",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("The model as JSON or Dev Tools console text; - for standard input"),
      Argument.optional,
    ),
    name: text("name", "The name of the model"),
    connector: text("connector", "The id of the connector"),
    group: text("group", "The id of the model group; a new group by default"),
    deploy: Flag.Boolean("deploy").pipe(
      Flag.withDescription("Deploy the model after registration"),
      Flag.withDefault(false),
    ),
    credential: Secret.flag,
  },
  Effect.fnUntraced(function* ({ file, name, connector, group, deploy, credential }) {
    const document = file._tag === "None" ? {} : yield* InputFile.readAs(ModelDocument, file.value)
    const secrets = yield* Secret.resolve(credential)
    const inline = document.connector
    if (inline == null && credential.length > 0)
      return yield* wrongUse(
        "--credential applies only to a model with an embedded connector; pass it to `connector create` instead",
      )
    const payload: ModelDocument = {
      function_name: "remote",
      ...document,
      ...(inline == null ? {} : { connector: yield* Secret.into(inline, secrets) }),
      ...(name._tag === "None" ? {} : { name: name.value }),
      ...(connector._tag === "None" ? {} : { connector_id: connector.value }),
      ...(group._tag === "None" ? {} : { model_group_id: group.value }),
    }
    const session = yield* Session.open
    const { client, ask, output, again } = session
    const query = deploy ? ({ deploy: "true" } as const) : {}
    const { value, text, headers } = yield* ask(client.models.register({ query, payload, ...Session.whole }))
    const next = deploy
      ? yield* NextCommand.predict(session, value.model_id)
      : `${NextCommand.drawbar} model deploy ${value.model_id}${again}`
    const forApplication = deploy ? `\nA key for an application: ${NextCommand.key(session, value.model_id)}` : ""
    const words = `Registered model ${value.model_id} as version ${headers["x-drawbar-model-version"]} of group ${headers["x-drawbar-model-group"]}`
    yield* Output.print(output, text, `${words}\nNext: ${next}${forApplication}`, [value.model_id])
  }),
).pipe(
  Command.withDescription("Register a remote model"),
  Command.withExamples([{ command: "drawbar model register --name chat --connector ID --deploy" }]),
)
