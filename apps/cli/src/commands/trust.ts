/** `plugins.drawbar.trusted_hosts`: hosts that connectors may call in addition to the list of patterns. */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { failed, wrongUse } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as ClusterSettings from "../server/ClusterSettings.ts"
import * as Session from "../Session.ts"

const name = "plugins.drawbar.trusted_hosts"
const patterns = "plugins.ml_commons.trusted_connector_endpoints_regex"

const edit = (
  { client, ask }: Effect.Success<typeof Session.open>,
  payload: { readonly add?: ReadonlyArray<string>; readonly remove?: ReadonlyArray<string> },
) => ask(client.cluster.editTrustedHosts({ payload, ...Session.whole }))

const list = Effect.gen(function* () {
  const session = yield* Session.open
  const settings = yield* ClusterSettings.read(session)
  const hosts = ClusterSettings.listOf(settings, name)
  const { value, level } = ClusterSettings.find(settings, patterns) ?? { value: [], level: "defaults" }
  const regexes = typeof value === "string" ? [value] : value
  const rows = [
    ...hosts.map((host) => [host, name]),
    ...regexes.map((regex) => [regex, level === "defaults" ? "default" : patterns]),
  ]
  yield* Output.print(
    session.output,
    JSON.stringify({ trusted_hosts: hosts, trusted_connector_endpoints_regex: regexes }),
    Output.table(["trusted", "by"], rows),
    hosts,
  )
})

export const command = Command.make(
  "trust",
  {
    origins: Argument.String("origin").pipe(
      Argument.withDescription("Scheme, host and port, such as http://localhost:11434; or `list`"),
      Argument.atLeast(1),
    ),
  },
  Effect.fnUntraced(function* ({ origins }) {
    if (origins.length === 1 && origins[0] === "list") return yield* list
    const added = yield* Effect.forEach(origins, originOf)
    const session = yield* Session.open
    const { text } = yield* edit(session, { add: added })
    yield* Output.print(
      session.output,
      text,
      added
        .map((origin) => `Trusted ${origin}: connectors may call this scheme, host and port, also at a private address`)
        .join("\n"),
      added,
    )
  }),
).pipe(
  Command.withDescription("Let connectors call a host, such as a model on your own machine"),
  Command.withExamples([
    { command: "drawbar trust http://localhost:11434" },
    { command: "drawbar trust list", description: "Show all that connectors may call" },
  ]),
)

export const untrust = Command.make(
  "untrust",
  { origins: Argument.String("origin").pipe(Argument.atLeast(1)) },
  Effect.fnUntraced(function* ({ origins }) {
    const removed = yield* Effect.forEach(origins, originOf)
    const session = yield* Session.open
    const before = ClusterSettings.listOf(yield* ClusterSettings.read(session), name)
    const missing = removed.find((origin) => !before.includes(origin))
    if (missing !== undefined)
      return yield* failed(
        `${missing} is not among the trusted hosts. \`drawbar trust list\` shows them; a host that a pattern allows is removed from ${patterns}`,
      )
    const { text } = yield* edit(session, { remove: removed })
    yield* Output.print(
      session.output,
      text,
      removed.map((origin) => `No longer trusted: ${origin}`).join("\n"),
      removed,
    )
  }),
).pipe(
  Command.withDescription("Close a host that `drawbar trust` opened"),
  Command.withExamples([{ command: "drawbar untrust http://localhost:11434" }]),
)

/** In the form in which the server compares it; the server checks the rest. */
const originOf = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === ""
    ? Effect.succeed(url.username === "" ? url.origin : text)
    : Effect.fail(wrongUse(`${text} must be scheme, host and port, such as ${suggestion(text)}`))
}

const suggestion = (text: string): string => {
  const [, host] = /^(?:\w+:\/\/)?((?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?)(?:[/?#]|$)/i.exec(text) ?? []
  const scheme = /^https:/i.test(text) ? "https" : "http"
  return host === undefined ? "http://localhost:11434" : `${scheme}://${host}`
}
