import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as InvalidInvocation from "@drawbar/server/options/InvalidInvocation"
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
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
    const document = { ...blueprint, parameters: { ...blueprint.parameters, ...(yield* parametersOf(set, blueprint)) } }
    yield* create(yield* Secret.into(document, yield* Secret.resolve(credential)), name)
  }),
).pipe(
  Command.withDescription("Create a connector from a blueprint included with Drawbar"),
  Command.withExamples([
    {
      command: "drawbar blueprint use openai-chat --set model=gpt-4o-mini --credential openAI_key=env:OPENAI_API_KEY",
    },
  ]),
)

/** The parameters that a connector of the blueprint reads: its own, those of its templates, and those that Drawbar reads by name. */
const namesIn = ({ parameters, actions }: Blueprint.Document): ReadonlyArray<string> => [
  ...new Set([
    ...Object.keys(parameters ?? {}),
    ...[...JSON.stringify(actions ?? []).matchAll(/\$\{parameters\.([\w.-]+)/g)].flatMap(([, name]) => name ?? []),
    ...Reserved.parameters.map(({ name }) => name),
  ]),
]

const unknownName = (name: string, known: ReadonlyArray<string>) =>
  wrongUse(
    `--set ${name}: the blueprint has no such parameter.${InvalidInvocation.meant(name, known, 2) || ` It has ${known.slice(0, 12).join(", ")}`}`,
  )

const parametersOf = (given: ReadonlyArray<string>, blueprint: Blueprint.Document) =>
  Effect.map(
    Effect.forEach(given, (text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (name === undefined || value === undefined)
        return Effect.fail(wrongUse(`--set ${text} must have the form PARAMETER=VALUE`))
      const known = namesIn(blueprint)
      return known.includes(name) ? Effect.succeed([name, value] as const) : Effect.fail(unknownName(name, known))
    }),
    (entries): Json.JsonObject => Object.fromEntries(entries),
  )
