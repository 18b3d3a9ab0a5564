/** Which statistics a request asks for: by the names in its path, or by the fields of its body. */
import * as Decode from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Result, Schema } from "effect"
import { maybe } from "../records/Field.ts"
import type { ApiError } from "../errors/OpenSearchError.ts"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"

const levels = ["CLUSTER", "NODE", "ALGORITHM", "MODEL", "ACTION"] as const

export const clusterStats = [
  "ml_model_index_status",
  "ml_task_index_status",
  "ml_connector_count",
  "ml_config_index_status",
  "ml_controller_index_status",
  "ml_connector_index_status",
  "ml_model_count",
] as const

export const nodeStats = [
  "ml_failure_count",
  "ml_jvm_heap_usage",
  "ml_circuit_breaker_trigger_count",
  "ml_executing_task_count",
  "ml_request_count",
  "ml_deployed_model_count",
] as const

export const actionStats = ["ml_action_request_count", "ml_action_failure_count"] as const

export interface StatsSelection {
  readonly cluster: ReadonlyArray<(typeof clusterStats)[number]>
  readonly node: ReadonlyArray<(typeof nodeStats)[number]>
  readonly action: ReadonlyArray<(typeof actionStats)[number]>
  /** Whether there is anything to say of nodes: models are counted whatever else is asked for. */
  readonly withNodes: boolean
  readonly withAlgorithms: boolean
  /** In small letters; all where absent. */
  readonly algorithms: ReadonlyArray<string> | undefined
  readonly actions: ReadonlyArray<string> | undefined
  readonly models: ReadonlyArray<string> | undefined
  readonly nodes: ReadonlyArray<string> | undefined
}

const everything: StatsSelection = {
  cluster: clusterStats,
  node: nodeStats,
  action: actionStats,
  withNodes: true,
  withAlgorithms: true,
  algorithms: undefined,
  actions: undefined,
  models: undefined,
  nodes: undefined,
}

const names = maybe(Schema.Array(Schema.String))

const readBody = Decode.decode(
  Schema.Struct({
    target_stat_levels: names,
    cluster_level_stats: names,
    node_level_stats: names,
    action_level_stats: names,
    node_ids: names,
    algorithms: names,
    actions: names,
    models: names,
  }),
)

type Outcome = Result.Result<StatsSelection, ApiError>

/** `stats` are the names of the path between commas, `nodes` those of its nodes. */
export const read = (stats: string | undefined, nodes: string | undefined, body: JsonObject): Outcome =>
  Result.map(stats === undefined ? ofBody(body) : ofPath(stats.split(",")), (selection) =>
    nodes === undefined ? selection : { ...selection, nodes: nodes.split(",") },
  )

const ofPath = (asked: ReadonlyArray<string>): Outcome =>
  Result.map(known("Wrong ML cluster level stat", [...clusterStats, ...nodeStats], asked), (wanted) => {
    const node = nodeStats.filter((name) => wanted.includes(name))
    const cluster = clusterStats.filter((name) => wanted.includes(name))
    return { ...everything, cluster, node, withNodes: node.length > 0, withAlgorithms: false }
  })

const ofBody = (body: JsonObject): Outcome =>
  Result.gen(function* () {
    if (Object.keys(body).length === 0) return everything
    const given = yield* readBody(body)
    const wanted = yield* known("Wrong ML stat level", levels, given.target_stat_levels ?? [])
    const cluster = yield* known("Wrong ML cluster level stat", clusterStats, given.cluster_level_stats ?? clusterStats)
    const node = yield* known("Wrong ML node level stat", nodeStats, given.node_level_stats ?? nodeStats)
    const action = yield* known("Wrong ML action level stat", actionStats, given.action_level_stats ?? actionStats)
    return {
      cluster: wanted.includes("CLUSTER") ? cluster : [],
      node: wanted.includes("NODE") ? node : [],
      action,
      withNodes: wanted.some((level) => level !== "CLUSTER") || wanted.length === 0,
      withAlgorithms: wanted.includes("ALGORITHM") || wanted.includes("ACTION"),
      algorithms: lowered(given.algorithms),
      actions: lowered(given.actions),
      models: given.models ?? undefined,
      nodes: given.node_ids ?? undefined,
    }
  })

const lowered = (list: ReadonlyArray<string> | null | undefined) => list?.map((name) => name.toLowerCase())

/** Names are known in any case. */
const known = <const Name extends string>(
  refusal: string,
  all: ReadonlyArray<Name>,
  asked: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<Name>, ApiError> => {
  const found = asked.map((text) => all.find((name) => name.toLowerCase() === text.trim().toLowerCase()))
  return found.every((name) => name !== undefined)
    ? Result.succeed(found)
    : Result.fail(RequestError.from(new BadParameter({ message: refusal })))
}
