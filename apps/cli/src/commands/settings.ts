/** Cluster settings: read, change, return to the default, and go back to what they were. */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../Failure.ts"
import * as History from "./History.ts"
import * as Output from "../Output.ts"
import * as ClusterSettings from "../server/ClusterSettings.ts"
import * as Session from "../Session.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription("The whole name, such as plugins.ml_commons.stream_enabled"),
)

const transient = Flag.Boolean("transient").pipe(
  Flag.withDescription("Until the server restarts; this level takes precedence"),
  Flag.withDefault(false),
)

const cell = (value: string | ReadonlyArray<string>) => (typeof value === "string" ? value : JSON.stringify(value))

const get = Command.make(
  "get",
  { name: Argument.optional(name) },
  Effect.fnUntraced(function* ({ name }) {
    const session = yield* Session.open
    const settings = yield* ClusterSettings.read(session)
    if (name._tag === "Some") {
      const found = ClusterSettings.find(settings, name.value)
      if (found === undefined)
        return yield* failed(`setting ${name.value} not found. \`drawbar settings get\` shows all names and values`)
      return yield* Output.print(session.output, JSON.stringify(found.value), cell(found.value), [name.value])
    }
    const names = ClusterSettings.names(settings)
    const rows = names.flatMap((name) => {
      const found = ClusterSettings.find(settings, name)
      return found === undefined
        ? []
        : [[name, cut(cell(found.value)), found.level === "defaults" ? "default" : found.level]]
    })
    yield* Output.print(session.output, JSON.stringify(settings), Output.table(["name", "value", "from"], rows), names)
  }),
).pipe(Command.withDescription("Show the value of a setting, or all settings"))

const set = Command.make(
  "set",
  {
    name,
    values: Argument.String("value").pipe(
      Argument.withDescription("The value; several values, or a JSON array, are a list"),
      Argument.atLeast(1),
    ),
    transient,
  },
  Effect.fnUntraced(function* ({ name, values, transient }) {
    const session = yield* Session.open
    const level = transient ? "transient" : "persistent"
    const { text, headers } = yield* ClusterSettings.put(session, level, name, valueOf(values))
    yield* Output.print(session.output, text, `Set ${name} to ${cell(valueOf(values))}`, [name])
    if (name === "plugins.ml_commons.trusted_connector_endpoints_regex")
      yield* Output.note("This list replaces the default list. `drawbar trust ORIGIN` adds a host to it instead.")
    if (headers["warning"] !== undefined) yield* Output.note(headers["warning"])
  }),
).pipe(
  Command.withDescription("Change a setting"),
  Command.withExamples([{ command: "drawbar settings set plugins.ml_commons.stream_enabled false" }]),
)

const unset = Command.make(
  "unset",
  { name, transient },
  Effect.fnUntraced(function* ({ name, transient }) {
    const session = yield* Session.open
    const { text } = yield* ClusterSettings.put(session, transient ? "transient" : "persistent", name, null)
    const now = ClusterSettings.find(yield* ClusterSettings.read(session), name)
    yield* Output.print(
      session.output,
      text,
      `Unset ${name}${now === undefined ? "" : `; it is ${cut(cell(now.value))} now`}`,
      [name],
    )
  }),
).pipe(Command.withDescription("Return a setting to its default"))

/** A JSON array is a list; any other text is a value, which the server reads. */
const valueOf = (values: ReadonlyArray<string>): string | ReadonlyArray<string> => {
  const [first = "", ...rest] = values
  if (rest.length > 0) return values
  if (!first.startsWith("[")) return first
  try {
    const list: unknown = JSON.parse(first)
    return Array.isArray(list) ? list.map(String) : first
  } catch {
    // A pattern may begin with a bracket.
    return first
  }
}

const cut = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 79)}…`)

export const command = Command.make("settings").pipe(
  Command.withDescription("Cluster settings: change the server while it runs"),
  Command.withSubcommands([
    get,
    set,
    unset,
    History.historyOfSettings(({ client, ask }) => ask(client.versions.settingsList(Session.whole))),
    History.diffOfSettings(({ client, ask }, query) => ask(client.versions.settingsDiff({ query, ...Session.whole }))),
    History.rollbackOfSettings(({ client, ask }, version) =>
      ask(client.versions.settingsRollback({ payload: { version }, ...Session.whole })),
    ),
  ]),
)
