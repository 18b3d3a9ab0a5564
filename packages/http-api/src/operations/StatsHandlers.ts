import { Deployments } from "@drawbar/deployments/Deployments"
import { Predictions, type PredictStats } from "@drawbar/deployments/Predictions"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Models } from "@drawbar/registry/models/Models"
import { NodeId } from "@drawbar/registry/records/NodeId"
import { Tasks } from "@drawbar/registry/records/Tasks"
import { Effect, identity } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import { StatsApi } from "./StatsApi.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const store = yield* DocumentStore
  const models = yield* Models
  const tasks = yield* Tasks
  const deployments = yield* Deployments
  const predictions = yield* Predictions
  const nodeId = yield* NodeId

  const clusterStats = Effect.all({
    ml_model_count: store.count("model"),
    ml_connector_count: store.count("connector"),
    ml_model_group_count: store.count("model-group"),
    ml_task_count: store.count("task"),
  })

  const nodeStats = Effect.gen(function* () {
    const counted = yield* predictions.stats
    const live = yield* deployments.live
    const total = sum([...counted.values()])
    const hidden = yield* models.hidden
    return {
      ml_request_count: total.requests,
      ml_failure_count: total.failures,
      ml_deployed_model_count: live.length,
      algorithms: { remote: { predict: actionCounts(total) } },
      models: Object.fromEntries(
        [...counted].flatMap(([id, stats]) => (hidden.has(id) ? [] : [[id, { predict: actionCounts(stats) }]])),
      ),
    }
  })

  /** All of it, or the parts whose names stand between commas. */
  const stats = Effect.fnUntraced(function* (names?: string, nodes?: string) {
    const cluster: Record<string, unknown> = yield* clusterStats
    const node: Record<string, unknown> = yield* nodeStats
    const wanted = names?.split(",") ?? [...Object.keys(cluster), ...Object.keys(node)]
    if (wanted.some((name) => !Object.hasOwn(cluster, name) && !Object.hasOwn(node, name)))
      return yield* RequestError.from(new BadParameter({ message: "Wrong ML cluster level stat" }))
    const ofNode = pick(node, wanted)
    const isAsked = nodes === undefined || nodes.split(",").some((asked) => asked === nodeId || asked.startsWith("_"))
    return {
      ...pick(cluster, wanted),
      ...(isAsked && Object.keys(ofNode).length > 0 ? { nodes: { [nodeId]: ofNode } } : {}),
    }
  })

  const profileOf = Effect.fnUntraced(function* (id: string) {
    const { model } = yield* models.get(id)
    const counted = (yield* predictions.stats).get(id)
    const pools = deployments.pools().filter(({ model: of }) => of === id)
    return {
      model_state: model.model_state,
      target_worker_nodes: [nodeId],
      worker_nodes: [nodeId],
      ...(counted === undefined || counted.latencies.length === 0
        ? {}
        : { predict_request_stats: latenciesOf(counted) }),
      connections: pools.map(({ pool }) => ({ origin: pool.origin, ...pool.state() })),
    }
  })

  /** What is live of the models that are asked for, by node or by model; nothing to tell is `{}`. */
  const profile = Effect.fnUntraced(function* (view: "node" | "model" = "node", asked?: string) {
    const wanted = asked?.split(",")
    const ids = (yield* deployments.live).filter((id) => wanted === undefined || wanted.includes(id))
    if (ids.length === 0) return {}
    const profiles = (yield* Effect.forEach(ids, (id) =>
      Effect.map(profileOf(id), (one) => [[id, one] as const]).pipe(
        // Of all models there are those that are open to who asks, and are still there.
        wanted === undefined ? Effect.orElseSucceed(() => []) : identity,
      ),
    )).flat()
    if (view === "node") return { nodes: { [nodeId]: { models: Object.fromEntries(profiles) } } }
    const byModel = profiles.map(([id, { target_worker_nodes, worker_nodes, ...one }]) => [
      id,
      { target_worker_nodes, worker_nodes, nodes: { [nodeId]: one } },
    ])
    return { models: Object.fromEntries(byModel) }
  })

  return Endpoint.serve(OpenSearchError.face, StatsApi, {
    stats: () => stats(),
    stat: ({ params }) => stats(params.stat),
    nodeStats: ({ params }) => stats(undefined, params.node_id),
    nodeStat: ({ params }) => stats(params.stat, params.node_id),
    profile: ({ query }) => profile(query.view),
    profileModels: ({ query }) => profile(query.view),
    profileModel: ({ params, query }) => profile(query.view, params.model_id),
    // Tasks end when they are answered: none is ever under way.
    profileTasks: () => Effect.succeed({}),
    profileTask: ({ params }) => Effect.as(tasks.get(params.task_id), {}),
  })
})

type Counts = Pick<PredictStats, "requests" | "failures">

const sum = (all: ReadonlyArray<Counts>): Counts => ({
  requests: all.reduce((total, { requests }) => total + requests, 0),
  failures: all.reduce((total, { failures }) => total + failures, 0),
})

const actionCounts = ({ requests, failures }: Counts) => ({
  ml_action_request_count: requests,
  ...(failures === 0 ? {} : { ml_action_failure_count: failures }),
})

const pick = (from: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))

/** Of the last requests, in milliseconds. */
const latenciesOf = ({ latencies }: PredictStats) => {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0
  return {
    count: sorted.length,
    max: at(1),
    min: sorted[0] ?? 0,
    average: sorted.reduce((total, millis) => total + millis, 0) / sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
  }
}
