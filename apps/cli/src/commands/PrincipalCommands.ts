/** The subcommands that `user` and `key` share. */
import type { Role } from "@drawbar/registry/access/Principal"
import { roles } from "@drawbar/registry/access/Principal"
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { type Failed, failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"
import { id } from "./Record.ts"

export const role = Flag.Literals("role", roles).pipe(
  Flag.withDescription("A role, which grants permissions; repeatable. docs/access.md explains the roles"),
  Flag.atLeast(1),
)

export const backendRole = Flag.String("backend-role").pipe(
  Flag.withDescription("A backend role; principals with a common backend role share records. Repeatable"),
  Flag.atLeast(0),
)

type Open = Effect.Success<typeof Session.open>
type Response<A> = Effect.Effect<{ readonly value: A; readonly text: string }, Failed>

interface ListedPrincipal {
  readonly id: string
  readonly name: string
  readonly roles: ReadonlyArray<Role>
  readonly backend_roles?: ReadonlyArray<string>
  readonly expires_time?: number
}

export const list = (
  noun: string,
  ask: (session: Open) => Response<{ readonly principals: ReadonlyArray<ListedPrincipal> }>,
) =>
  Command.make(
    "list",
    {},
    Effect.fnUntraced(function* () {
      const session = yield* Session.open
      const { value, text } = yield* ask(session)
      const rows = value.principals.map((principal) => [
        principal.id,
        principal.name,
        principal.roles.join(", "),
        (principal.backend_roles ?? []).join(", "),
        until(principal),
      ])
      const words =
        rows.length === 0 ? `No ${noun}s` : Output.table(["id", "name", "roles", "backend roles", "expires"], rows)
      yield* Output.print(session.output, text, words)
    }),
  ).pipe(Command.withDescription(`List ${noun}s`))

export const remove = (noun: string, ask: (session: Open, id: string) => Response<{ readonly result: string }>) =>
  Command.make(
    "delete",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { value, text } = yield* ask(session, id)
      if (value.result === "not_found") return yield* failed(`${noun} ${id} not found`)
      yield* Output.print(session.output, text, `Deleted ${noun} ${id}`)
    }),
  ).pipe(Command.withDescription(`Delete a ${noun}; its credentials stop working at once`))

const until = ({ expires_time }: ListedPrincipal) =>
  expires_time === undefined ? "never" : new Date(expires_time).toISOString()
