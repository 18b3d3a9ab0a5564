import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { wrongUse } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription("The name of the alias: letters, digits, _ and -; no model has it as its id"),
)

export const command = Command.make(
  "set",
  {
    name,
    model: Argument.optional(Argument.String("model").pipe(Argument.withDescription("The id of the model"))),
    targets: Flag.String("target").pipe(
      Flag.withDescription("A model and its share of the calls, as MODEL=WEIGHT; repeatable, instead of one model"),
      Flag.atLeast(0),
    ),
  },
  Effect.fnUntraced(function* ({ name, model, targets }) {
    const payload =
      model._tag === "Some" && targets.length === 0
        ? { model_id: model.value }
        : model._tag === "None" && targets.length > 0
          ? { targets: yield* Effect.forEach(targets, read) }
          : yield* wrongUse("name either one model, or models with weights: --target MODEL=WEIGHT")
    const { client, ask, output } = yield* Session.open
    const { text, value } = yield* ask(client.aliases.set({ params: { name }, payload, ...Session.whole }))
    const shares = value.targets.map(({ model_id, weight }) => (value.model_id ? model_id : `${model_id} (${weight})`))
    yield* Output.print(output, text, `Alias ${name} stands for ${shares.join(", ")} from the next request on`)
  }),
).pipe(
  Command.withDescription("Create an alias, or switch it to another model"),
  Command.withExamples([
    { command: "drawbar alias set chat MODEL_ID" },
    { command: "drawbar alias set chat --target OLD_ID=90 --target NEW_ID=10" },
  ]),
)

const read = (text: string) => {
  const [, model_id = "", weight = ""] = /^([^=]+)=(\d{1,7})$/.exec(text) ?? []
  return model_id === ""
    ? wrongUse(`--target ${text} is not of the form MODEL=WEIGHT, where WEIGHT is a whole number`)
    : Effect.succeed({ model_id, weight: Number(weight) })
}
