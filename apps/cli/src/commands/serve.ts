/** `drawbar serve` is handed to the server before this tree is walked; here it only has its line in the help. */
import { Effect } from "effect"
import * as Command from "effect/cli/Command"

export const command = Command.make("serve", {}, () => Effect.void).pipe(
  Command.withDescription("Run the server; `drawbar serve --help` lists its flags"),
)
