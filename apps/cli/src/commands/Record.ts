/** The subcommands of every kind of record: get, list, delete. */
import type { SearchAnswer } from "@drawbar/http-api/records/SearchApi"
import { Clock, Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Confirmation from "../Confirmation.ts"
import { type Failed, failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Age from "../output/Age.ts"
import * as Session from "../Session.ts"

type Open = Effect.Success<typeof Session.open>
type Response<A> = Effect.Effect<{ readonly value: A; readonly text: string }, Failed>

export const id = Argument.String("id").pipe(
  // As where a shell's variable for it is not set.
  Argument.filter(
    (id) => id !== "",
    () => "an id. A variable of the shell that is not set is empty",
  ),
  Argument.withDescription("The id returned when the record was created"),
)

export const get = (noun: string, ask: (session: Open, id: string) => Response<unknown>) =>
  Command.make(
    "get",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { text } = yield* ask(session, id)
      yield* Output.print(session.output, text, yield* Output.fields(text), [id])
    }),
  ).pipe(Command.withDescription(`Show one ${noun}`))

/** `consequence` is what a person should know before they confirm. */
export const remove = (noun: string, ask: (session: Open, id: string) => Response<unknown>, consequence = "") =>
  Command.make(
    "delete",
    { id, yes: Confirmation.yes },
    Effect.fnUntraced(function* ({ id, yes }) {
      const session = yield* Session.open
      yield* Confirmation.ask(`Delete ${noun} ${id} on ${session.url}?`, yes)
      const { value, text } = yield* ask(session, id)
      // The API reports success for a record that does not exist, as ML Commons does.
      if (Reflect.get(Object(value), "result") === "not_found")
        return yield* failed(`${noun} ${id} not found. \`drawbar ${noun} list\` shows the ids`)
      yield* Output.print(session.output, text, `Deleted ${noun} ${id}`, [id])
    }),
  ).pipe(Command.withDescription(`Delete a ${noun}${consequence}`))

/** `columns` are fields of the records, which are listed from the newest on; `created` is the field of that time. */
export const list = (
  noun: string,
  columns: ReadonlyArray<string>,
  ask: (session: Open, body: Readonly<Record<string, unknown>>) => Response<SearchAnswer>,
  created = "created_time",
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
      const { value, text } = yield* ask(session, { query, size: limit, sort: [{ [created]: { order: "desc" } }] })
      const { hits, total } = value.hits
      const now = yield* Clock.currentTimeMillis
      const rows = hits.map(({ _id, _source = {} }) => [
        _id,
        ...columns.map((column) => cell(_source[column])),
        typeof _source[created] === "number" ? Age.of(_source[created], now) : "",
      ])
      const rest = (total?.value ?? 0) - rows.length
      const words = rows.length === 0 ? `No ${noun}s` : Output.table(["id", ...columns, "age"], rows)
      yield* Output.print(
        session.output,
        text,
        rest > 0 ? `${words}\n… and ${rest} more (--limit)` : words,
        hits.map(({ _id }) => _id),
      )
    }),
  ).pipe(Command.withDescription(`List ${noun}s, newest first`))

const cell = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)
