import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import { version } from "@drawbar/http-api/routes/Version"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"

export const command = Command.make(
  "version",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output, url } = yield* Session.open
    const about = yield* Effect.result(ask(client.cluster.about({ query: { drawbar: "true" }, ...Session.whole })))
    const server = about._tag === "Success" ? about.success.value.version.drawbar : undefined
    yield* Output.print(
      output,
      JSON.stringify({ command: version, ...(server === undefined ? {} : { server }) }),
      `drawbar ${version}\nserver  ${server ?? `not reached at ${url}`}`,
      [version],
    )
  }),
).pipe(Command.withDescription("Show the version of this command, and of the server if it is reached"))
