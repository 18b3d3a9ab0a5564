import { Effect, Option } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import * as Principal from "../Principal.ts"

const create = Command.make(
  "create",
  {
    name: Argument.String("name").pipe(Argument.withDescription("What the key is for")),
    role: Principal.role,
    days: Flag.Int("expires-in-days").pipe(
      Flag.withDescription("When it stops working; never if absent"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ name, role, days }) {
    const { client, ask, output } = yield* Session.open
    const expires = Option.isNone(days) ? {} : { expires_in_days: days.value }
    const { value, text } = yield* ask(
      client.principals.createKey({ payload: { name, roles: role, ...expires }, ...Session.whole }),
    )
    yield* Output.print(
      output,
      text,
      `${value.api_key}\nThis is the key ${value.id}. It is shown once: keep it now, and send it as Authorization: Bearer …`,
    )
  }),
).pipe(Command.withDescription("Create an API key; it is printed once"))

export const command = Command.make("key").pipe(
  Command.withDescription("API keys: which programs may ask"),
  Command.withSubcommands([
    create,
    Principal.list("key", ({ client, ask }) => ask(client.principals.listKeys(Session.whole))),
    Principal.remove("key", ({ client, ask }, id) =>
      ask(client.principals.deleteKey({ params: { id }, ...Session.whole })),
    ),
  ]),
)
