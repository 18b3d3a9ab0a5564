import * as Command from "effect/cli/Command"
import * as Session from "../../Session.ts"
import * as History from "../History.ts"
import * as Record from "../Record.ts"
import * as Create from "./create.ts"
import * as Test from "./test.ts"
import * as Update from "./update.ts"
import * as Validate from "./validate.ts"

export const command = Command.make("connector").pipe(
  Command.withDescription("Connectors: how to call a provider"),
  Command.withSubcommands([
    Create.command,
    Record.get("connector", ({ client, ask }, connector_id) =>
      ask(client.connectors.get({ params: { connector_id }, query: {}, ...Session.whole })),
    ),
    Record.list("connector", ["name", "protocol", "version"], ({ client, ask }, payload) =>
      ask(client.connectors.search({ payload, ...Session.whole })),
    ),
    Update.command,
    Validate.command,
    Test.command,
    History.history("connector", ({ client, ask }, connector_id) =>
      ask(client.versions.connectorList({ params: { connector_id }, ...Session.whole })),
    ),
    History.diff("connector", ({ client, ask }, connector_id, query) =>
      ask(client.versions.connectorDiff({ params: { connector_id }, query, ...Session.whole })),
    ),
    History.rollback("connector", ({ client, ask }, connector_id, payload) =>
      ask(client.versions.connectorRollback({ params: { connector_id }, query: {}, payload, ...Session.whole })),
    ),
    Record.remove("connector", ({ client, ask }, connector_id) =>
      ask(client.connectors.delete({ params: { connector_id }, ...Session.whole })),
    ),
  ]),
)
