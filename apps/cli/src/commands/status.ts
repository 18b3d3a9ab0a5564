/** Whether the server can be reached and works, in one look. */
import { Effect } from "effect"
import * as Command from "effect/cli/Command"
import { version } from "@drawbar/http-api/routes/Version"
import { failed } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as ClusterSettings from "../server/ClusterSettings.ts"
import * as Session from "../Session.ts"
import * as Whoami from "./whoami.ts"

export const command = Command.make(
  "status",
  {},
  Effect.fnUntraced(function* () {
    const session = yield* Session.open
    const { client, ask, output, url, connection } = session
    const about = yield* ask(client.cluster.about({ query: { drawbar: "true" }, ...Session.whole }))
    const ready = yield* Effect.result(ask(client.health.ready(Session.whole)))
    const isReady = ready._tag === "Success"
    const identity = yield* ask(client.principals.whoami(Session.whole))
    // A principal may be permitted to predict only.
    const mayRead = identity.value.permissions.includes("read")
    const count = (search: typeof client.models.search) =>
      Effect.map(ask(search({ payload: { size: 0 }, ...Session.whole })), ({ value }) => value.hits.total?.value ?? 0)
    const records = mayRead
      ? { connectors: yield* count(client.connectors.search), models: yield* count(client.models.search) }
      : undefined
    const trusted = mayRead
      ? ClusterSettings.listOf(yield* ClusterSettings.read(session), "plugins.drawbar.trusted_hosts")
      : []
    const found = {
      url,
      chosen_by: connection.chosenBy,
      version: about.value.version.drawbar,
      opensearch_version: about.value.version.number,
      ready: isReady,
      authentication: identity.value.authentication,
      ...records,
      trusted_hosts: trusted,
    }
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["server", `${url} (${connection.chosenBy})`],
      ["version", `Drawbar ${found.version} (this command: ${version}), API of OpenSearch ${found.opensearch_version}`],
      ["ready", isReady ? "yes" : `no: ${ready.failure.message}`],
      ["caller", Whoami.sentence(identity.value, url)],
      ...(records === undefined
        ? []
        : [["records", `${records.connectors} connectors, ${records.models} models`] as const]),
      ["trusted hosts", trusted.length === 0 ? "none beside the list of patterns" : trusted.join(", ")],
    ]
    yield* Output.print(output, JSON.stringify(found), Output.aligned(rows), [url])
    if (!isReady) return yield* failed(`${url} is not ready`)
  }),
).pipe(Command.withDescription("Show whether the server works, its version, and how it is reached"))
