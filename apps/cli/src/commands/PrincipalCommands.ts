/** What the commands for users and for keys have in common. */
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
  Flag.withDescription("What it may do; repeatable. docs/access.md explains the roles"),
  Flag.atLeast(1),
)

export const backendRole = Flag.String("backend-role").pipe(
  Flag.withDescription("A name by which records are shared with others; repeatable"),
  Flag.atLeast(0),
)

type Open = Effect.Success<typeof Session.open>
type Answer<A> = Effect.Effect<{ readonly value: A; readonly text: string }, Failed>

interface Listed {
  readonly id: string
  readonly name: string
  readonly roles: ReadonlyArray<Role>
  readonly backend_roles?: ReadonlyArray<string>
  readonly expires_time?: number
}

export const list = (noun: string, ask: (session: Open) => Answer<{ readonly principals: ReadonlyArray<Listed> }>) =>
  Command.make(
    "list",
    {},
    Effect.fnUntraced(function* () {
      const session = yield* Session.open
      const { value, text } = yield* ask(session)
      const rows = value.principals.map((one) => [
        one.id,
        one.name,
        one.roles.join(", "),
        (one.backend_roles ?? []).join(", "),
        until(one),
      ])
      const words =
        rows.length === 0 ? `No ${noun}s` : Output.table(["id", "name", "roles", "backend roles", "expires"], rows)
      yield* Output.print(session.output, text, words)
    }),
  ).pipe(Command.withDescription(`List ${noun}s`))

export const remove = (noun: string, ask: (session: Open, id: string) => Answer<{ readonly result: string }>) =>
  Command.make(
    "delete",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { value, text } = yield* ask(session, id)
      if (value.result === "not_found") return yield* failed(`there is no ${noun} ${id}`)
      yield* Output.print(session.output, text, `Deleted ${noun} ${id}`)
    }),
  ).pipe(Command.withDescription(`Delete a ${noun}; it stops working at once`))

const until = ({ expires_time }: Listed) =>
  expires_time === undefined ? "never" : new Date(expires_time).toISOString()
