import { Effect, Option } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { dimensions } from "@drawbar/http-api/operations/UsageApi"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

export const command = Command.make(
  "usage",
  {
    key: text("key", "Only the spending of this API key, by its id"),
    user: text("user", "Only the spending of this user, key or token, by its name"),
    model: text("model", "Only the spending on this model, by its id"),
    from: text("from", "The first day (UTC), such as 2026-11-01"),
    to: text("to", "The last day (UTC)"),
    by: text("by", `What to sum by: a list of ${dimensions.join(", ")}; all of them by default`),
  },
  Effect.fnUntraced(function* (given) {
    const query = Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : [])),
    )
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.usage.get({ query, ...Session.whole }))
    const { rows, total, budgets, prices } = value
    const shown = dimensions.filter((name) => rows.some((row) => row[name] !== undefined))
    const cells = (row: typeof total) => [
      String(row.calls),
      String(row.input_tokens),
      String(row.output_tokens),
      row.cost_usd.toFixed(6),
      String(row.estimated_calls),
      String(row.unpriced_calls),
    ]
    const names = [...shown, "calls", "input", "output", "usd", "estimated", "unpriced"]
    const lines = [
      rows.length === 0
        ? "Nothing was used"
        : Output.table(names, [
            ...rows.map((row) => [...shown.map((name) => row[name] ?? ""), ...cells(row)]),
            [...shown.map((_, at) => (at === 0 ? "total" : "")), ...cells(total)],
          ]),
      ...(budgets.length === 0
        ? []
        : [
            "",
            Output.table(
              ["key", "name", "window", "usd", "of", "tokens", "of"],
              budgets.map((budget) => [
                budget.key,
                budget.name,
                budget.window,
                budget.spent_usd.toFixed(6),
                String(budget.max_budget ?? "-"),
                String(budget.spent_tokens),
                String(budget.max_budget_tokens ?? "-"),
              ]),
            ),
          ]),
      ...(total.unpriced_calls > 0
        ? [`${total.unpriced_calls} calls are of models without a price (table ${prices}), and are not in the cost.`]
        : []),
    ]
    yield* Output.print(output, text, lines.join("\n"))
  }),
).pipe(
  Command.withDescription("Show what was spent, by API key, user, model and day, and how much of each budget is used"),
)
