import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"

interface Identity {
  readonly authentication: "on" | "off"
  readonly kind?: string
  readonly name?: string
  readonly roles: ReadonlyArray<string>
}

/** Who the caller is, for a person. */
export const sentence = ({ authentication, kind, name = "", roles }: Identity, url: string): string =>
  authentication === "off"
    ? `${url} authenticates no caller (--auth off): every caller may do everything`
    : `${kind === "api_key" ? "API key" : kind} ${name} on ${url}, with ${roles.length === 1 ? "role" : "roles"} ${roles.join(", ")}`

export const command = Command.make(
  "whoami",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output, url, connection } = yield* Session.open
    const { value, text } = yield* ask(client.principals.whoami(Session.whole))
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["server", `${url} (${connection.chosenBy})`],
      ["credentials", connection.credentials?.from ?? "none"],
      ["permissions", value.permissions.join(", ")],
      ...(value.backend_roles?.length ? [["backend roles", value.backend_roles.join(", ")] as const] : []),
      ...(value.models === undefined ? [] : [["models", value.models.join(", ")] as const]),
    ]
    yield* Output.print(output, text, `${sentence(value, url)}\n${Output.aligned(rows)}`, [value.name ?? ""])
  }),
).pipe(Command.withDescription("Show who the server takes you for, and what you may do"))
