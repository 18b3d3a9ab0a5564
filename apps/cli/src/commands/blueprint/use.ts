import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as Json from "@drawbar/json-text/Json"
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as InputFile from "../../InputFile.ts"
import { wrongUse } from "../../Failure.ts"
import * as Secret from "../../Secret.ts"
import { create } from "../connector/create.ts"
import * as Show from "./show.ts"

const set = Flag.String("set").pipe(
  Flag.withMetavar("PARAMETER=VALUE"),
  Flag.withDescription("A parameter of the connector; repeatable"),
  Flag.atLeast(0),
)

export const command = Command.make(
  "use",
  { name: Show.name, set, credential: Secret.flag },
  Effect.fnUntraced(function* ({ name, set, credential }) {
    const entry = yield* Show.find(name)
    const blueprint = yield* InputFile.as(Blueprint.Document, JSON.parse(JSON.stringify(entry.blueprint)), name)
    const document = { ...blueprint, parameters: { ...blueprint.parameters, ...(yield* parametersOf(set)) } }
    yield* create(yield* Secret.into(document, yield* Secret.resolve(credential)))
  }),
).pipe(
  Command.withDescription("Create a connector from a blueprint included with Drawbar"),
  Command.withExamples([
    {
      command: "drawbar blueprint use openai-chat --set model=gpt-4o-mini --credential openAI_key=env:OPENAI_API_KEY",
    },
  ]),
)

const parametersOf = (given: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(given, (text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      return name === undefined || value === undefined
        ? Effect.fail(wrongUse(`--set ${text} must have the form PARAMETER=VALUE`))
        : Effect.succeed([name, value] as const)
    }),
    (entries): Json.JsonObject => Object.fromEntries(entries),
  )
