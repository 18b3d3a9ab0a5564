/** Controllers: how often each user may call a model. */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as InputFile from "../../InputFile.ts"
import { wrongUse } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import * as Record from "../Record.ts"

const units = ["DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS", "MICROSECONDS", "NANOSECONDS"]

const flags = {
  model: Argument.String("model").pipe(Argument.withDescription("The id of the model")),
  file: Argument.String("file").pipe(
    Argument.withDescription('A document with "user_rate_limiter"; - for standard input'),
    Argument.optional,
  ),
  limits: Flag.String("user").pipe(
    Flag.withMetavar("NAME=CALLS/UNIT"),
    Flag.withDescription(`How often a user may call the model, such as ada=4/MINUTES; repeatable`),
    Flag.atLeast(0),
  ),
}

const limit = (text: string) => {
  const [, name, calls, unit = ""] = /^(.+)=(\d+(?:\.\d+)?)\/([a-z]+)$/is.exec(text) ?? []
  const known = units.find((known) => known === unit.toUpperCase() || known === `${unit.toUpperCase()}S`)
  return name === undefined || calls === undefined || known === undefined
    ? Effect.fail(wrongUse(`--user ${text} must have the form NAME=CALLS/UNIT, with one of [${units.join(", ")}]`))
    : Effect.succeed([name, { limit: calls, unit: known }] as const)
}

const documentOf = Effect.fnUntraced(function* (
  file: { readonly _tag: "None" } | { readonly _tag: "Some"; readonly value: string },
  limits: ReadonlyArray<string>,
) {
  if (file._tag === "None" && limits.length === 0)
    return yield* wrongUse("a controller requires a file, or --user NAME=CALLS/UNIT")
  const document = file._tag === "None" ? {} : yield* InputFile.read(file.value)
  const users = Object.fromEntries(yield* Effect.forEach(limits, limit))
  return { ...document, user_rate_limiter: { ...Object(document["user_rate_limiter"]), ...users } }
})

const create = Command.make(
  "create",
  flags,
  Effect.fnUntraced(function* ({ model, file, limits }) {
    const payload = yield* documentOf(file, limits)
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(
      client.controllers.create({ params: { model_id: model }, payload, ...Session.whole }),
    )
    const verb = value.status === "CREATED" ? "Created" : "Replaced"
    yield* Output.print(output, text, `${verb} the controller of model ${model}`, [model])
  }),
).pipe(
  Command.withDescription("Create the controller of a model, in place of the one that it has"),
  Command.withExamples([{ command: "drawbar controller create MODEL_ID --user ada=4/MINUTES" }]),
)

const update = Command.make(
  "update",
  flags,
  Effect.fnUntraced(function* ({ model, file, limits }) {
    const payload = yield* documentOf(file, limits)
    const { client, ask, output } = yield* Session.open
    const { text } = yield* ask(client.controllers.update({ params: { model_id: model }, payload, ...Session.whole }))
    yield* Output.print(output, text, `Updated the controller of model ${model}`, [model])
  }),
).pipe(Command.withDescription("Change limits of a controller; the other users keep theirs"))

export const command = Command.make("controller").pipe(
  Command.withDescription("Controllers: how often each user may call a model"),
  Command.withSubcommands([
    create,
    update,
    Record.get("controller", ({ client, ask }, model_id) =>
      ask(client.controllers.get({ params: { model_id }, ...Session.whole })),
    ),
    Record.remove("controller", ({ client, ask }, model_id) =>
      ask(client.controllers.delete({ params: { model_id }, ...Session.whole })),
    ),
  ]),
)
