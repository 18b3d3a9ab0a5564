/** `drawbar`: what all its commands have in common. */
import { Config } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

export const command = Command.make("drawbar").pipe(
  Command.withSharedFlags({
    url: Flag.String("url").pipe(
      Flag.withDescription("Where Drawbar listens; DRAWBAR_URL if absent"),
      Flag.withFallbackConfig(Config.String("DRAWBAR_URL")),
      Flag.withDefault("http://127.0.0.1:9200"),
    ),
    output: Flag.Literals("output", ["table", "json"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("For people, or for programs"),
      Flag.withDefault("table"),
    ),
  }),
  Command.withDescription("Couples any application to any machine-learning platform"),
)
