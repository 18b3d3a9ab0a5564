import { Effect } from "effect"
import * as Catalogue from "@drawbar/blueprint-catalogue/Catalogue"
import * as Command from "effect/cli/Command"
import * as DemoBlueprints from "../../demo/DemoBlueprints.ts"
import * as Output from "../../Output.ts"
import * as Root from "../../Root.ts"
import * as Show from "./show.ts"
import * as Use from "./use.ts"

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function* () {
    const { output } = yield* Root.command
    const entries = [...Catalogue.entries, ...DemoBlueprints.entries]
    const names = entries.map(({ name }) => name)
    const rows = entries.map(({ name, blueprint }) => [name, String(blueprint["description"] ?? "")])
    yield* Output.print(output, JSON.stringify(names), Output.table(["name", "description"], rows), names)
  }),
).pipe(Command.withDescription("List the blueprints included with Drawbar"))

export const command = Command.make("blueprint").pipe(
  Command.withDescription("Blueprints: documents from which connectors are created"),
  Command.withSubcommands([list, Show.command, Use.command]),
)
