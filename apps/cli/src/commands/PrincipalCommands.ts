/** The subcommands that `user` and `key` share. */
import type { Role } from "@drawbar/registry/access/Principal"
import { roles } from "@drawbar/registry/access/Principal"
import { Clock, Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type { Failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"
import * as Age from "../output/Age.ts"
import * as Record from "./Record.ts"

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
  readonly created_time: number
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
      const now = yield* Clock.currentTimeMillis
      const listed = value.principals.toSorted((a, b) => b.created_time - a.created_time)
      const rows = listed.map((principal) => [
        principal.id,
        principal.name,
        principal.roles.join(", "),
        (principal.backend_roles ?? []).join(", "),
        until(principal, now),
        Age.of(principal.created_time, now),
      ])
      const words =
        rows.length === 0
          ? `No ${noun}s`
          : Output.table(["id", "name", "roles", "backend roles", "expires", "age"], rows)
      yield* Output.print(
        session.output,
        text,
        words,
        listed.map(({ id }) => id),
      )
    }),
  ).pipe(Command.withDescription(`List ${noun}s, newest first`))

export const remove = (noun: string, ask: (session: Open, id: string) => Response<{ readonly result: string }>) =>
  Record.remove(noun, ask, "; its credentials stop working at once")

const until = ({ expires_time }: ListedPrincipal, now: number) =>
  expires_time === undefined ? "never" : Age.moment(expires_time, now)
