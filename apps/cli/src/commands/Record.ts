/** The subcommands of every kind of record: get, list, delete. */
import type { SearchAnswer } from "@drawbar/http-api/records/SearchApi"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type { Failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"

type Open = Effect.Success<typeof Session.open>
type Response<A> = Effect.Effect<{ readonly value: A; readonly text: string }, Failed>

export const id = Argument.String("id").pipe(Argument.withDescription("The id returned when the record was created"))

export const get = (noun: string, ask: (session: Open, id: string) => Response<unknown>) =>
  Command.make(
    "get",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { text } = yield* ask(session, id)
      yield* Output.print(session.output, text, Output.fields(text))
    }),
  ).pipe(Command.withDescription(`Show one ${noun}`))

export const remove = (noun: string, ask: (session: Open, id: string) => Response<unknown>) =>
  Command.make(
    "delete",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { text } = yield* ask(session, id)
      yield* Output.print(session.output, text, `Deleted ${noun} ${id}`)
    }),
  ).pipe(Command.withDescription(`Delete a ${noun}`))

/** `columns` are fields of the records; `order` is the sort field. */
export const list = (
  noun: string,
  columns: ReadonlyArray<string>,
  ask: (session: Open, body: Readonly<Record<string, unknown>>) => Response<SearchAnswer>,
) =>
  Command.make(
    "list",
    {
      name: Flag.String("name").pipe(
        Flag.withDescription("Only records whose name contains this word"),
        Flag.withDefault(""),
      ),
      limit: Flag.Int("limit").pipe(Flag.withDescription("Maximum number of records"), Flag.withDefault(50)),
    },
    Effect.fnUntraced(function* ({ name, limit }) {
      const session = yield* Session.open
      const query = name === "" ? { match_all: {} } : { match: { name } }
      const { value, text } = yield* ask(session, { query, size: limit })
      const { hits, total } = value.hits
      const rows = hits.map(({ _id, _source = {} }) => [_id].concat(columns.map((column) => cell(_source[column]))))
      const rest = (total?.value ?? 0) - rows.length
      const words = rows.length === 0 ? `No ${noun}s` : Output.table(["id", ...columns], rows)
      yield* Output.print(session.output, text, rest > 0 ? `${words}\n… and ${rest} more (--limit)` : words)
    }),
  ).pipe(Command.withDescription(`List ${noun}s`))

const cell = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)
