import * as Command from "effect/cli/Command"
import * as Session from "../../Session.ts"
import * as History from "../History.ts"
import * as Record from "../Record.ts"
import * as Deploy from "./deploy.ts"
import * as Predict from "./predict.ts"
import * as Register from "./register.ts"
import * as Undeploy from "./undeploy.ts"
import * as Update from "./update.ts"

export const command = Command.make("model").pipe(
  Command.withDescription("Models: register, deploy and call them"),
  Command.withSubcommands([
    Register.command,
    Record.get("model", ({ client, ask }, model_id) =>
      ask(client.models.get({ params: { model_id }, query: {}, ...Session.whole })),
    ),
    Record.list("model", ["name", "model_state", "model_group_id", "connector_id"], ({ client, ask }, payload) =>
      ask(client.models.search({ payload, ...Session.whole })),
    ),
    Update.command,
    History.history("model", ({ client, ask }, model_id) =>
      ask(client.versions.modelList({ params: { model_id }, ...Session.whole })),
    ),
    History.diff("model", ({ client, ask }, model_id, query) =>
      ask(client.versions.modelDiff({ params: { model_id }, query, ...Session.whole })),
    ),
    History.rollback("model", ({ client, ask }, model_id, payload) =>
      ask(client.versions.modelRollback({ params: { model_id }, query: {}, payload, ...Session.whole })),
    ),
    Record.remove("model", ({ client, ask }, model_id) =>
      ask(client.models.delete({ params: { model_id }, ...Session.whole })),
    ),
    Deploy.command,
    Undeploy.command,
    Predict.command,
  ]),
)
