import * as Command from "effect/cli/Command"
import * as Session from "../../Session.ts"
import * as Record from "../Record.ts"
import * as Wait from "./wait.ts"

export const command = Command.make("task").pipe(
  Command.withDescription("Tasks: the state of asynchronous operations"),
  Command.withSubcommands([
    Record.get("task", ({ client, ask }, task_id) =>
      ask(client.tasks.get({ params: { task_id }, query: {}, ...Session.whole })),
    ),
    Wait.command,
    Record.list(
      "task",
      ["task_type", "state", "model_id"],
      ({ client, ask }, payload) => ask(client.tasks.search({ payload, ...Session.whole })),
      "create_time",
    ),
    Record.remove("task", ({ client, ask }, task_id) =>
      ask(client.tasks.delete({ params: { task_id }, ...Session.whole })),
    ),
  ]),
)
