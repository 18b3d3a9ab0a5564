/** The server receives `drawbar serve` before this tree is parsed. This entry only provides a line in the help. */
import { Effect } from "effect"
import * as Command from "effect/cli/Command"

export const command = Command.make("serve", {}, () => Effect.void).pipe(
  Command.withDescription("Run the server; `drawbar serve --help` lists its flags"),
)
