import process from "node:process"
import { getHeapStatistics } from "node:v8"
import * as Decode from "@drawbar/json-text/Decode"
import type { ActionCounts } from "@drawbar/deployments/deployment/ActionCounts"
import { Deployments } from "@drawbar/deployments/deployment/Deployments"
import { Predictions } from "@drawbar/deployments/predict/Predictions"
import type { PredictStats } from "@drawbar/deployments/predict/PredictStats"
import type { Collection } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Models } from "@drawbar/registry/models/Models"
import { NodeId } from "@drawbar/registry/records/NodeId"
import { Tasks } from "@drawbar/registry/records/Tasks"
import { Effect, identity, Schema } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { maybe } from "../records/Field.ts"
import { StatsApi } from "./StatsApi.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import * as StatsSelection from "./StatsSelection.ts"

export interface Options {
  /** How many predicts load shedding has refused since the start. */
  readonly breakerTrips: () => number
}

export const make = Effect.fnUntraced(function* ({ breakerTrips }: Options) {
  const store = yield* DocumentStore
  const models = yield* Models
  const tasks = yield* Tasks
  const deployments = yield* Deployments
  const predictions = yield* Predictions
  const nodeId = yield* NodeId

  /** An index of OpenSearch comes to be with its first record. */
  const statusOf = (collection: Collection) =>
    Effect.map(store.count(collection), (count) => (count === 0 ? "non-existent" : "green"))

  const clusterStats = Effect.all({
    ml_model_index_status: statusOf("model"),
    ml_task_index_status: statusOf("task"),
    ml_connector_count: store.count("connector"),
    ml_config_index_status: Effect.succeed("green"),
    ml_controller_index_status: statusOf("controller"),
    ml_connector_index_status: statusOf("connector"),
    ml_model_count: store.count("model"),
  })

  const nodeStats = Effect.fnUntraced(function* (selection: StatsSelection.StatsSelection) {
    const predicts = yield* predictions.stats
    const live = yield* deployments.live
    const total = sum([...predicts.values()])
    const hidden = yield* models.hidden
    const node = {
      ml_failure_count: total.failures,
      ml_jvm_heap_usage: heapUsage(),
      ml_circuit_breaker_trigger_count: breakerTrips(),
      ml_executing_task_count: deployments.executing(),
      ml_request_count: total.requests,
      ml_deployed_model_count: live.length,
    }
    const counted = deployments.actions()
    const begun = [...counted].filter(([, { deploy, undeploy }]) => deploy + undeploy > 0).map(([id]) => id)
    const ids = new Set([...begun, ...predicts.keys()])
    const actions = (predict: Counts | undefined, others: Partial<ActionCounts> | undefined) =>
      actionCounts(selection, { ...others }, predict)
    // A model's own counts begin with its deployment.
    const ofModel = (id: string) => {
      const { deploy = 0, undeploy = 0 } = counted.get(id) ?? {}
      return actions(predicts.get(id), { deploy, undeploy })
    }
    const wanted = [...ids].filter(
      (id) => !hidden.has(id) && (selection.models === undefined || selection.models.includes(id)),
    )
    const all = { register: 0, deploy: 0, undeploy: 0 }
    for (const { register, deploy, undeploy } of counted.values()) {
      all.register += register
      all.deploy += deploy
      all.undeploy += undeploy
    }
    const remote = actions(total, all)
    const isOfAlgorithm =
      selection.withAlgorithms && (selection.algorithms?.includes("remote") ?? true) && Object.keys(remote).length > 0
    return {
      ...pick(node, selection.node),
      algorithms: isOfAlgorithm ? { remote } : {},
      models: Object.fromEntries(wanted.map((id) => [id, ofModel(id)])),
    }
  })

  const stats = Effect.fnUntraced(function* (selection: StatsSelection.StatsSelection) {
    const { cluster, withNodes, nodes } = selection
    const isAsked = nodes === undefined || nodes.some((asked) => asked === nodeId || asked.startsWith("_"))
    return {
      ...(cluster.length === 0 ? {} : pick(yield* clusterStats, cluster)),
      ...(withNodes && isAsked ? { nodes: { [nodeId]: yield* nodeStats(selection) } } : {}),
    }
  })

  const selected = (...request: Parameters<typeof StatsSelection.read>) =>
    Effect.flatMap(Effect.fromResult(StatsSelection.read(...request)), stats)

  const profileOf = Effect.fnUntraced(function* (id: string, isDetailed: boolean) {
    const { model } = yield* models.get(id)
    const counted = (yield* predictions.stats).get(id)
    const pools = isDetailed ? deployments.pools().filter(({ model: of }) => of === id) : []
    return {
      model_state: model.model_state,
      predictor: "drawbar/RemoteModel",
      target_worker_nodes: [nodeId],
      worker_nodes: [nodeId],
      ...(counted === undefined || counted.upstream.length === 0
        ? {}
        : { model_inference_stats: latenciesOf(counted.upstream) }),
      ...(counted === undefined || counted.latencies.length === 0
        ? {}
        : { predict_request_stats: latenciesOf(counted.latencies) }),
      ...(isDetailed ? { connections: pools.map(({ pool }) => ({ origin: pool.origin, ...pool.state() })) } : {}),
    }
  })

  /** What is live of the models that are asked for, by node or by model; nothing to tell is `{}`. */
  const profile = Effect.fnUntraced(function* (
    { view = "node", drawbar }: ProfileQuery,
    wanted?: ReadonlyArray<string>,
  ) {
    if (view !== "node" && view !== "model") return {}
    const ids = (yield* deployments.live).filter((id) => wanted === undefined || wanted.includes(id))
    if (ids.length === 0) return {}
    const profiles = (yield* Effect.forEach(ids, (id) =>
      Effect.map(profileOf(id, drawbar === "true"), (one) => [[id, one] as const]).pipe(
        // A profile of all models leaves out those that the caller may not access and those deleted meanwhile.
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

  /** A body says what is wanted, and without one of its fields nothing is. */
  const profileBy = Effect.fnUntraced(function* (query: ProfileQuery, body: object) {
    if (Object.keys(body).length === 0) return yield* profile(query)
    const { node_ids, model_ids, return_all_models } = yield* Effect.fromResult(readProfileBody(body))
    const nodes = node_ids ?? []
    if (nodes.length > 0 && !nodes.some((id) => id === nodeId || id.startsWith("_"))) return {}
    // Tasks end when they are answered: none is ever under way, whatever is said of them.
    return return_all_models === true ? yield* profile(query) : yield* profile(query, model_ids ?? [])
  })

  return Endpoint.serve(OpenSearchError.face, StatsApi, {
    stats: ({ json }) => selected(undefined, undefined, json),
    stat: ({ params, json }) => selected(params.stat, undefined, json),
    nodeStats: ({ params, json }) => selected(undefined, params.node_id, json),
    nodeStat: ({ params, json }) => selected(params.stat, params.node_id, json),
    profile: ({ query, json }) => profileBy(query, json),
    profileModels: ({ query, json }) => profileBy(query, json),
    profileModel: ({ params, query }) => profile(query, params.model_id.split(",")),
    // Tasks end when they are answered: none is ever under way.
    profileTasks: () => Effect.succeed({}),
    profileTask: ({ params }) => Effect.as(tasks.get(params.task_id), {}),
  })
})

interface ProfileQuery {
  readonly view?: string
  readonly drawbar?: string
}

const readProfileBody = Decode.decode(
  Schema.Struct({
    node_ids: maybe(Schema.Array(Schema.String)),
    model_ids: maybe(Schema.Array(Schema.String)),
    task_ids: maybe(Schema.Array(Schema.String)),
    return_all_tasks: maybe(Schema.Boolean),
    return_all_models: maybe(Schema.Boolean),
  }),
)

/** In percent of what V8 may take at most: there is no virtual machine of Java here. */
const heapUsage = () => Math.round((process.memoryUsage().heapUsed / getHeapStatistics().heap_size_limit) * 100)

type Counts = Pick<PredictStats, "requests" | "failures">

const sum = (all: ReadonlyArray<Counts>): Counts => ({
  requests: all.reduce((total, { requests }) => total + requests, 0),
  failures: all.reduce((total, { failures }) => total + failures, 0),
})

/** The actions that were asked for and have been counted, in the order of a model's life. */
const actionCounts = (
  { action, actions }: StatsSelection.StatsSelection,
  others: Readonly<Record<string, number>>,
  predict: Counts | undefined,
) => {
  const all = Object.fromEntries(Object.entries(others).map(([name, requests]) => [name, { requests, failures: 0 }]))
  const named = Object.entries({ ...all, predict: { requests: predict?.requests, failures: predict?.failures ?? 0 } })
  return Object.fromEntries(
    named.flatMap(([name, { requests = 0, failures }]) =>
      requests === 0 || !(actions?.includes(name) ?? true)
        ? []
        : [
            [
              name,
              {
                ...(action.includes("ml_action_request_count") ? { ml_action_request_count: requests } : {}),
                ...(failures > 0 && action.includes("ml_action_failure_count")
                  ? { ml_action_failure_count: failures }
                  : {}),
              },
            ],
          ],
    ),
  )
}

const pick = (from: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))

/** Of the last requests, in milliseconds. */
const latenciesOf = (latencies: ReadonlyArray<number>) => {
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
