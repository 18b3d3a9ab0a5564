/** `drawbar`: the flags that all commands share. */
import { Config } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

export const command = Command.make("drawbar").pipe(
  Command.withSharedFlags({
    url: Flag.String("url").pipe(
      Flag.withDescription("URL of the Drawbar server; defaults to DRAWBAR_URL"),
      Flag.withFallbackConfig(Config.String("DRAWBAR_URL")),
      Flag.withDefault("http://127.0.0.1:9200"),
    ),
    output: Flag.Literals("output", ["table", "json"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("Output format: text for people, json for programs"),
      Flag.withDefault("table"),
    ),
  }),
  Command.withDescription("Couples any application to any machine-learning platform"),
)
