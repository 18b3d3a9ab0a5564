/** `drawbar`: the flags that all commands share. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

export const command = Command.make("drawbar").pipe(
  Command.withSharedFlags({
    server: Flag.String("url").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription(
        "The server. Defaults to DRAWBAR_URL, else to the current context, else to http://127.0.0.1:9200",
      ),
      Flag.optional,
    ),
    context: Flag.String("context").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription(
        "A context that `drawbar login` stored; defaults to DRAWBAR_CONTEXT, else to the current one",
      ),
      Flag.optional,
    ),
    output: Flag.Literals("output", ["table", "json", "yaml", "name"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("table is for people, json and yaml for programs, name prints ids only"),
      Flag.withDefault("table"),
    ),
  }),
  Command.withDescription("Connects applications to machine-learning providers"),
)
