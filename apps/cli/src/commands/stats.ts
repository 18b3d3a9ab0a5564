/** What the server has counted since its start. */
import * as Json from "@drawbar/json-text/Json"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"

export const command = Command.make(
  "stats",
  { model: Argument.String("model").pipe(Argument.withDescription("Only the model of this id"), Argument.optional) },
  Effect.fnUntraced(function* ({ model }) {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.stats.stats(Session.whole))
    const profile = yield* ask(client.stats.profile({ query: { view: "model" }, ...Session.whole }))
    const found = yield* ask(client.models.search({ payload: { size: 1_000, _source: ["name"] }, ...Session.whole }))
    const nameOf = new Map(found.value.hits.hits.map(({ _id, _source }) => [_id, _source?.["name"]]))
    const nodes = objects(value["nodes"])
    const models = nodes
      .flatMap((node) => Object.entries(Object(node["models"])))
      .filter(([id]) => model._tag === "None" || id === model.value)
    const rows = models.map(([id, counts]) => {
      const predict = Object(Object(counts)["predict"])
      const [live] = objects(Object(Object(profile.value["models"])[id])["nodes"])
      const times = Object(live?.["predict_request_stats"])
      return [
        id,
        String(nameOf.get(id) ?? ""),
        String(live?.["model_state"] ?? ""),
        String(predict.ml_action_request_count ?? 0),
        String(predict.ml_action_failure_count ?? 0),
        ...["p50", "p90", "p99"].map((part) => millis(times[part])),
      ]
    })
    const total = ["ml_request_count", "ml_failure_count", "ml_executing_task_count"].map((name) =>
      nodes.reduce((sum, node) => sum + Number(node[name] ?? 0), 0),
    )
    const words = `${total[0]} predict requests since the start, ${total[1]} failed, ${total[2]} running`
    yield* Output.print(
      output,
      text,
      rows.length === 0
        ? words
        : `${Output.table(["model", "name", "state", "requests", "failed", "p50 ms", "p90 ms", "p99 ms"], rows)}\n${words}`,
      models.map(([id]) => id),
    )
  }),
).pipe(Command.withDescription("Show how many requests each model had since the start, and how long they took"))

const objects = (value: unknown): ReadonlyArray<Json.JsonObject> => Object.values(Object(value)).filter(Json.isObject)

const millis = (value: unknown): string => (typeof value === "number" ? value.toFixed(0) : "")
