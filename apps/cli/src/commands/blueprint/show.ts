import * as Catalogue from "@drawbar/blueprint-catalogue/Catalogue"
import { Console, Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Json from "@drawbar/json-text/Json"
import { blueprintSchemaPath } from "@drawbar/http-api/routes/BasePath"
import * as DemoBlueprints from "../../demo/DemoBlueprints.ts"
import { wrongUse } from "../../Failure.ts"
import * as ServerConnection from "../../server/ServerConnection.ts"

export const name = Argument.String("name").pipe(
  Argument.withDescription("The name, as `drawbar blueprint list` prints it"),
)

/** The entry of a name, or the names that share its prefix. */
export const find = (name: string) => {
  const entry = Catalogue.find(name) ?? DemoBlueprints.entries.find((demo) => demo.name === name)
  if (entry !== undefined) return Effect.succeed(entry)
  const [vendor = ""] = name.split("-")
  const names = [...Catalogue.names, ...DemoBlueprints.entries.map((demo) => demo.name)]
  const near = names.filter((known) => known.startsWith(vendor))
  const hint = near.length === 0 ? "`drawbar blueprint list` prints all names" : `did you mean ${near.join(", ")}?`
  return Effect.fail(wrongUse(`blueprint ${name} not found: ${hint}`))
}

/** The same, with references that a server follows: the variables that it gives to connectors have a name of their own. */
const asStored = (blueprint: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { credential } = blueprint
  if (!Json.isObject(credential)) return blueprint
  const references = Object.entries(credential).map(([key, value]) => [
    key,
    typeof value === "string" ? value.replace(/^env:(?!DRAWBAR_SECRET_)/, "env:DRAWBAR_SECRET_") : value,
  ])
  return { ...blueprint, credential: Object.fromEntries(references) }
}

export const command = Command.make(
  "show",
  { name },
  Effect.fnUntraced(function* ({ name }) {
    const { blueprint } = yield* find(name)
    const { url } = yield* ServerConnection.find
    yield* Console.log(JSON.stringify({ $schema: `${url}${blueprintSchemaPath}`, ...asStored(blueprint) }, null, 2))
  }),
).pipe(Command.withDescription("Print a blueprint, to save in a file and edit"))
