import * as Catalogue from "@drawbar/blueprint-catalogue/Catalogue"
import { Console, Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as DemoBlueprints from "../../demo/DemoBlueprints.ts"
import { wrongUse } from "../../Failure.ts"

export const name = Argument.String("name").pipe(
  Argument.withDescription("The name, as `drawbar blueprint list` prints it"),
)

/** The entry of a name, or the names that share its prefix. */
export const find = (name: string) => {
  const entry = Catalogue.find(name) ?? DemoBlueprints.entries.find((demo) => demo.name === name)
  if (entry !== undefined) return Effect.succeed(entry)
  const [vendor = ""] = name.split("-")
  const near = Catalogue.names.filter((known) => known.startsWith(vendor))
  const hint = near.length === 0 ? "`drawbar blueprint list` prints all names" : `did you mean ${near.join(", ")}?`
  return Effect.fail(wrongUse(`blueprint ${name} not found: ${hint}`))
}

export const command = Command.make(
  "show",
  { name },
  Effect.fnUntraced(function* ({ name }) {
    const { blueprint } = yield* find(name)
    yield* Console.log(JSON.stringify(blueprint, null, 2))
  }),
).pipe(Command.withDescription("Print a blueprint, to save in a file and edit"))
