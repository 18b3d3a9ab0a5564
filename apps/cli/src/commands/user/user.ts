import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Output from "../../Output.ts"
import * as PrincipalCommands from "../PrincipalCommands.ts"
import * as Secret from "../../Secret.ts"
import * as Session from "../../Session.ts"

const create = Command.make(
  "create",
  {
    name: Argument.String("name"),
    role: PrincipalCommands.role,
    backend_roles: PrincipalCommands.backendRole,
    password: Flag.String("password").pipe(
      Flag.withMetavar("env:VARIABLE|file:PATH"),
      Flag.withDescription("Where to read the password; it has at least 12 characters"),
    ),
  },
  Effect.fnUntraced(function* ({ name, role, backend_roles, password: reference }) {
    const password = yield* Secret.value("--password", reference)
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(
      client.principals.createUser({ payload: { name, password, roles: role, backend_roles }, ...Session.whole }),
    )
    yield* Output.print(output, text, `Created user ${name} (${value.id})`, [value.id])
  }),
).pipe(Command.withDescription("Create a user, who authenticates with Basic credentials"))

export const command = Command.make("user").pipe(
  Command.withDescription("Users: accounts with a name and a password"),
  Command.withSubcommands([
    create,
    PrincipalCommands.list("user", ({ client, ask }) => ask(client.principals.listUsers(Session.whole))),
    PrincipalCommands.remove("user", ({ client, ask }, id) =>
      ask(client.principals.deleteUser({ params: { id }, ...Session.whole })),
    ),
  ]),
)
