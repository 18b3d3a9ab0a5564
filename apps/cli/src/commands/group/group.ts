import * as Command from "effect/cli/Command"
import * as Session from "../../Session.ts"
import * as History from "../History.ts"
import * as Record from "../Record.ts"
import * as Create from "./create.ts"
import * as Update from "./update.ts"

export const command = Command.make("group").pipe(
  Command.withDescription("Model groups: models that are versions of each other"),
  Command.withSubcommands([
    Create.command,
    Record.get("group", ({ client, ask }, model_group_id) =>
      ask(client.modelGroups.get({ params: { model_group_id }, ...Session.whole })),
    ),
    Record.list("group", ["name", "latest_version", "access"], ({ client, ask }, payload) =>
      ask(client.modelGroups.search({ payload, ...Session.whole })),
    ),
    Update.command,
    History.history("group", ({ client, ask }, model_group_id) =>
      ask(client.versions.groupList({ params: { model_group_id }, ...Session.whole })),
    ),
    History.diff("group", ({ client, ask }, model_group_id, query) =>
      ask(client.versions.groupDiff({ params: { model_group_id }, query, ...Session.whole })),
    ),
    History.rollbackOfPlain("group", ({ client, ask }, model_group_id, version) =>
      ask(
        client.versions.groupRollback({
          params: { model_group_id },
          query: {},
          payload: { version },
          ...Session.whole,
        }),
      ),
    ),
    Record.remove("group", ({ client, ask }, model_group_id) =>
      ask(client.modelGroups.delete({ params: { model_group_id }, ...Session.whole })),
    ),
  ]),
)
