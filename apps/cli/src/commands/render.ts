import { Console, Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as InputFile from "../InputFile.ts"
import { wrongUse } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as PredictRequest from "../PredictRequest.ts"
import * as RenderedRequest from "../RenderedRequest.ts"
import * as Session from "../Session.ts"

export const command = Command.make(
  "render",
  {
    model: Argument.String("model").pipe(Argument.withDescription("The id of a model"), Argument.optional),
    blueprint: Flag.String("blueprint").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("A blueprint to render instead of a model"),
      Flag.optional,
    ),
    ...PredictRequest.flags,
    stream: Flag.Boolean("stream").pipe(
      Flag.withDescription("Render the request of a streamed predict"),
      Flag.withDefault(false),
    ),
    curl: Flag.Boolean("curl").pipe(
      Flag.withDescription("Print a curl command; secrets stay masked"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* ({ model, blueprint, stream, curl, ...given }) {
    if ((model._tag === "None") === (blueprint._tag === "None"))
      return yield* wrongUse("render requires the id of a model, or --blueprint FILE")
    const { payload: input } = yield* PredictRequest.read(given)
    const query = stream ? ({ stream: "true" } as const) : {}
    const { client, ask, output } = yield* Session.open
    const { value, text } =
      blueprint._tag === "Some"
        ? yield* ask(
            client.predictions.renderBlueprint({
              query,
              payload: { blueprint: yield* InputFile.readAs(Blueprint.Document, blueprint.value), input },
              ...Session.whole,
            }),
          )
        : yield* ask(
            client.predictions.render({
              query,
              params: { model_id: model._tag === "Some" ? model.value : "" },
              payload: input,
              ...Session.whole,
            }),
          )
    const requests = value.requests ?? [value]
    if (curl) return yield* Console.log(requests.map(RenderedRequest.toCurl).join("\n\n"))
    yield* Output.print(output, text, requests.map(RenderedRequest.toText).join("\n\n"))
  }),
).pipe(
  Command.withDescription(
    "Show the exact requests that a predict would send, with secrets masked, without sending them",
  ),
)
