/** Stats and profile by path, by body and by level. */
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"
import * as Recording from "./Recording.ts"

const ml = "/_plugins/_ml"

/** A server with a model that was called once, and one that was only registered. */
const started = async () => {
  const drawbar = await Drawbar.start()
  const ask = (method: string, path: string, body?: unknown) => Drawbar.ask(drawbar, method, ml + path, body)
  await ask("POST", "/connectors/_create", { ...Drawbar.blueprint, connector_id: "c" })
  for (const model_id of ["used", "idle"])
    await ask("POST", "/models/_register", { name: model_id, function_name: "remote", connector_id: "c", model_id })
  await ask("POST", "/models/used/_deploy")
  await ask("POST", "/models/used/_predict", { parameters: { texts: ["a"] } })
  return drawbar
}

const get = async ({ port }: Drawbar.Drawbar, path: string, body?: unknown) => {
  const answer = await Recording.exchange(port, {
    method: "GET",
    path: ml + path,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, json: JSON.parse(answer.text) }
}

const one = { ml_action_request_count: 1 }
const used = { deploy: one, predict: one }

interface Case {
  readonly path: string
  readonly body?: unknown
  readonly answer: unknown
}

const cases: ReadonlyArray<Case> = [
  { path: "/stats/ml_connector_index_status", answer: { ml_connector_index_status: "green" } },
  { path: "/stats/ML_Model_Index_Status", answer: { ml_model_index_status: "green" } },
  { path: "/stats/ml_controller_index_status", answer: { ml_controller_index_status: "non-existent" } },
  {
    path: "/stats/ml_task_index_status,ml_config_index_status",
    answer: { ml_task_index_status: "green", ml_config_index_status: "green" },
  },
  {
    path: "/stats/ml_executing_task_count",
    answer: { nodes: { drawbar: { ml_executing_task_count: 0, algorithms: {}, models: { used } } } },
  },
  {
    path: "/drawbar/stats/ml_request_count,ml_model_count",
    answer: { ml_model_count: 2, nodes: { drawbar: { ml_request_count: 1, algorithms: {}, models: { used } } } },
  },
  {
    path: "/_local/stats/ml_circuit_breaker_trigger_count",
    answer: { nodes: { drawbar: { ml_circuit_breaker_trigger_count: 0, algorithms: {}, models: { used } } } },
  },
  { path: "/other/stats/ml_executing_task_count", answer: {} },
  { path: "/stats", body: { models: ["idle"] }, answer: { nodes: { drawbar: { algorithms: {}, models: {} } } } },
  { path: "/stats", body: { models: ["used"] }, answer: { nodes: { drawbar: { algorithms: {}, models: { used } } } } },
  {
    path: "/stats",
    body: { target_stat_levels: ["cluster"], cluster_level_stats: ["ML_CONNECTOR_COUNT"] },
    answer: { ml_connector_count: 1 },
  },
  {
    path: "/stats",
    body: { target_stat_levels: ["NODE"], node_level_stats: ["ml_failure_count"], node_ids: ["drawbar"] },
    answer: { nodes: { drawbar: { ml_failure_count: 0, algorithms: {}, models: { used } } } },
  },
  { path: "/stats", body: { target_stat_levels: ["NODE"], node_ids: ["other"] }, answer: {} },
  {
    path: "/stats",
    body: { target_stat_levels: ["ALGORITHM"], algorithms: ["REMOTE"] },
    answer: {
      nodes: {
        drawbar: {
          algorithms: { remote: { register: { ml_action_request_count: 2 }, ...used } },
          models: { used },
        },
      },
    },
  },
  {
    path: "/stats",
    body: { target_stat_levels: ["ALGORITHM"], actions: ["predict"] },
    answer: { nodes: { drawbar: { algorithms: { remote: { predict: one } }, models: { used: { predict: one } } } } },
  },
  {
    path: "/stats",
    body: { target_stat_levels: ["ALGORITHM"], algorithms: ["kmeans"] },
    answer: { nodes: { drawbar: { algorithms: {}, models: { used } } } },
  },
  { path: "/profile", body: { model_ids: ["idle"] }, answer: {} },
  { path: "/profile", body: { task_ids: ["t"] }, answer: {} },
  { path: "/profile", body: { return_all_tasks: true }, answer: {} },
  { path: "/profile", body: { return_all_models: true, node_ids: ["other"] }, answer: {} },
  { path: "/profile?view=junk", body: { model_ids: ["used"] }, answer: {} },
  { path: "/profile/tasks", answer: {} },
]

describe("statistics", () => {
  for (const { path, body, answer } of cases)
    it(`of GET ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`, async () => {
      await using drawbar = await started()
      const { status, json } = await get(drawbar, path, body)
      assert.strictEqual(status, 200, JSON.stringify(json))
      assert.deepStrictEqual(json, answer)
    })

  const refused: ReadonlyArray<readonly [path: string, body: unknown, reason: string]> = [
    ["/stats/nope", undefined, "Wrong ML cluster level stat"],
    ["/stats", { target_stat_levels: ["junk"] }, "Wrong ML stat level"],
    ["/stats", { target_stat_levels: ["CLUSTER"], cluster_level_stats: ["junk"] }, "Wrong ML cluster level stat"],
    ["/stats", { target_stat_levels: ["NODE"], node_level_stats: ["junk"] }, "Wrong ML node level stat"],
    ["/stats", { target_stat_levels: ["ACTION"], action_level_stats: ["junk"] }, "Wrong ML action level stat"],
  ]
  for (const [path, body, reason] of refused)
    it(`reject GET ${path} ${JSON.stringify(body)}`, async () => {
      await using drawbar = await Drawbar.start()
      const { status, json } = await get(drawbar, path, body)
      assert.deepStrictEqual([status, json.error.reason], [400, reason])
    })

  it("count an undeployment, and a predict that deploys automatically", async () => {
    await using drawbar = await started()
    await Drawbar.ask(drawbar, "POST", `${ml}/models/used/_undeploy`)
    await Drawbar.ask(drawbar, "POST", `${ml}/models/used/_predict`, { parameters: { texts: ["a"] } })
    const { json } = await get(drawbar, "/stats", { models: ["used"] })
    assert.deepStrictEqual(json.nodes.drawbar.models.used, {
      deploy: { ml_action_request_count: 2 },
      undeploy: one,
      predict: { ml_action_request_count: 2 },
    })
  })

  it("of a node report the heap in use", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await get(drawbar, "/stats/ml_jvm_heap_usage")
    const percent = json.nodes.drawbar.ml_jvm_heap_usage
    assert.isTrue(Number.isInteger(percent) && percent >= 0 && percent <= 100, String(percent))
  })
})

describe("the profile of a model", () => {
  for (const [path, body] of [
    ["/profile"],
    ["/profile/models/used"],
    ["/profile", { model_ids: ["used", "idle"] }],
    ["/profile/models", { return_all_models: true }],
  ] as const)
    it(`has times of whole predicts and of the provider's part, at GET ${path} ${JSON.stringify(body)}`, async () => {
      await using drawbar = await started()
      const { json } = await get(drawbar, path, body)
      const profile = json.nodes.drawbar.models.used
      assert.hasAllKeys(profile, [
        "model_state",
        "predictor",
        "target_worker_nodes",
        "worker_nodes",
        "model_inference_stats",
        "predict_request_stats",
      ])
      assert.strictEqual(profile.model_inference_stats.count, 1)
      assert.isAbove(profile.model_inference_stats.p50, 0)
    })

  it("has its connections if requested", async () => {
    await using drawbar = await started()
    const { json } = await get(drawbar, "/profile?drawbar=true")
    assert.strictEqual(json.nodes.drawbar.models.used.connections[0].origin, "https://api.cohere.ai")
  })
})
