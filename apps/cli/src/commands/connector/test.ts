import type { TrialReport } from "@drawbar/http-api/predictions/PredictionsApi"
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import { failed } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as PredictRequest from "../../PredictRequest.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"

export const command = Command.make(
  "test",
  { id, ...PredictRequest.flags },
  Effect.fnUntraced(function* ({ id, ...given }) {
    const { payload } = yield* PredictRequest.read(given)
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(
      client.predictions.test({ params: { connector_id: id }, payload, ...Session.whole }),
    )
    yield* Output.print(output, text, words(value))
    if (!value.ok) return yield* failed(`the call ended at ${value.stages.at(-1)?.stage ?? "its beginning"}`)
  }),
).pipe(
  Command.withDescription("Make one live call with a connector and report each stage; the provider may charge for it"),
  Command.withExamples([
    { command: "drawbar connector test ID" },
    { command: "drawbar connector test ID --param prompt='Say hello'" },
  ]),
)

type Report = typeof TrialReport.Type
type Stage = Report["stages"][number]

const words = ({ sampled, stages }: Report): string =>
  [
    ...(sampled ? ["No input given; sending a sample."] : []),
    Output.table(
      ["stage", "ms", "found"],
      stages.map((stage) => [stage.stage, String(stage.millis), detail(stage)]),
    ),
  ].join("\n")

const detail = (stage: Stage): string => {
  switch (stage.ok ? stage.stage : "failed") {
    case "failed":
      return `FAILED: ${stage.error ?? ""}`
    case "rendered":
      return `${stage.request?.method ?? ""} ${stage.request?.url ?? ""}`
    case "resolved":
      return (stage.addresses ?? []).join(", ")
    case "connected":
      return `${stage.address ?? ""}:${stage.port ?? ""}`
    case "secured":
      return `${stage.protocol ?? ""}, certificate of ${stage.certificate?.subject ?? ""} valid until ${stage.certificate?.valid_to ?? ""}`
    case "answered":
      return `status ${stage.status ?? ""}, ${stage.bytes ?? 0} bytes`
    default:
      return cut(JSON.stringify(stage.output))
  }
}

const cut = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 200)}…`)
