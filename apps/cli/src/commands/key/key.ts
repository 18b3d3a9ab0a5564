import { windows } from "@drawbar/registry/spend/BudgetWindow"
import { Effect, Option } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import * as PrincipalCommands from "../PrincipalCommands.ts"

const create = Command.make(
  "create",
  {
    name: Argument.String("name").pipe(Argument.withDescription("A description of the key's purpose")),
    role: PrincipalCommands.role,
    backend_roles: PrincipalCommands.backendRole,
    models: Flag.String("model").pipe(
      Flag.withDescription(
        "The id of a model that the key may call; repeatable. Defaults to every model that the key can access",
      ),
      Flag.atLeast(0),
    ),
    requests: Flag.Int("requests-per-minute").pipe(
      Flag.withDescription("Maximum number of predict requests per minute"),
      Flag.optional,
    ),
    tokens: Flag.Int("tokens-per-day").pipe(
      Flag.withDescription("Maximum number of tokens, input and output, per day (UTC)"),
      Flag.optional,
    ),
    max_budget: Flag.Finite("max-budget").pipe(
      Flag.withDescription("Maximum spending in USD, of the window; models without a price are refused"),
      Flag.optional,
    ),
    max_budget_tokens: Flag.Int("max-budget-tokens").pipe(
      Flag.withDescription("Maximum number of tokens, input and output, of the window"),
      Flag.optional,
    ),
    budget_window: Flag.Literals("budget-window", windows).pipe(
      Flag.withDescription("The window of a budget: a day or a month (UTC), or total, the default"),
      Flag.optional,
    ),
    days: Flag.Int("expires-in-days").pipe(
      Flag.withDescription("When the key expires; never by default"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ name, role, backend_roles, models, requests, tokens, days, ...budget }) {
    const { client, ask, output } = yield* Session.open
    const expires = Option.isNone(days) ? {} : { expires_in_days: days.value }
    const quota = {
      ...(Option.isNone(requests) ? {} : { requests_per_minute: requests.value }),
      ...(Option.isNone(tokens) ? {} : { tokens_per_day: tokens.value }),
    }
    const payload = {
      name,
      roles: role,
      backend_roles,
      ...(models.length === 0 ? {} : { models }),
      ...(Object.keys(quota).length === 0 ? {} : { quota }),
      ...given("max_budget", budget.max_budget),
      ...given("max_budget_tokens", budget.max_budget_tokens),
      ...given("budget_window", budget.budget_window),
      ...expires,
    }
    const { value, text } = yield* ask(client.principals.createKey({ payload, ...Session.whole }))
    // Alone on standard output, so that a shell can take it into a variable.
    yield* Output.print(output, text, value.api_key, [value.id])
    yield* Output.note(
      `Created key ${value.id}. The key is shown only once: store it now, and send it as Authorization: Bearer …`,
    )
  }),
).pipe(Command.withDescription("Create an API key and print it once"))

const given = <N extends string, A>(name: N, value: Option.Option<A>): { readonly [K in N]?: A } =>
  Option.isNone(value) ? {} : ({ [name]: value.value } as { readonly [K in N]: A })

export const command = Command.make("key").pipe(
  Command.withDescription("API keys: credentials for programs"),
  Command.withSubcommands([
    create,
    PrincipalCommands.list("key", ({ client, ask }) => ask(client.principals.listKeys(Session.whole))),
    PrincipalCommands.remove("key", ({ client, ask }, id) =>
      ask(client.principals.deleteKey({ params: { id }, ...Session.whole })),
    ),
  ]),
)
