/** What clients of ML Commons rely on, status by status and word by word. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "@effect/vitest"
import { request } from "node:http"
import * as Drawbar from "./Drawbar.ts"

const { blueprint } = Drawbar
const ml = "/_plugins/_ml"

interface Case {
  readonly name: string
  /** Requests before the one in question; each must succeed. */
  readonly after?: ReadonlyArray<readonly [method: string, path: string, body?: unknown]>
  /** `{task}` in its path is the last task that was answered before. */
  readonly ask: readonly [method: string, path: string, body?: unknown]
  readonly platform?: Answer.Handler
  readonly status: number
  readonly type?: string
  readonly reason?: string
  readonly json?: unknown
}

const without = (field: string) => Object.fromEntries(Object.entries(blueprint).filter(([name]) => name !== field))
const [action] = blueprint.actions
const connector = ["POST", `${ml}/connectors/_create`, { ...blueprint, connector_id: "c" }] as const
const model = { name: "m", function_name: "remote", connector_id: "c", model_id: "m" }
const register = ["POST", `${ml}/models/_register`, model] as const
const group = ["POST", `${ml}/model_groups/_register`, { name: "g", model_group_id: "g" }] as const
const predict = ["POST", `${ml}/models/m/_predict`, { parameters: { texts: ["a"] } }] as const
const noHits = {
  total: { value: 0, relation: "eq" },
  max_score: null,
  hits: [],
}

const cases: ReadonlyArray<Case> = [
  // connectors
  {
    name: "a connector without a body",
    ask: ["POST", `${ml}/connectors/_create`],
    status: 400,
    type: "parse_exception",
    reason: "Create Connector request has empty body",
  },
  {
    name: "a connector without a name",
    ask: ["POST", `${ml}/connectors/_create`, without("name")],
    status: 400,
    type: "illegal_argument_exception",
    reason: "Connector name is null",
  },
  {
    name: "a connector without a version",
    ask: ["POST", `${ml}/connectors/_create`, without("version")],
    status: 400,
    reason: "Connector version is null",
  },
  {
    name: "a connector without a protocol",
    ask: ["POST", `${ml}/connectors/_create`, without("protocol")],
    status: 400,
    reason: "Connector protocol is null",
  },
  {
    name: "a connector without actions",
    ask: ["POST", `${ml}/connectors/_create`, without("actions")],
    status: 400,
    reason: "No actions configured for this connector",
  },
  {
    name: "a connector whose name is unsafe",
    ask: ["POST", `${ml}/connectors/_create`, { ...blueprint, name: "<x>" }],
    status: 400,
    type: "action_request_validation_exception",
    reason: `Validation Failed: 1: Model connector name can only contain letters, numbers, spaces, and basic punctuation (.,!?():@-_'/");`,
  },
  {
    name: "a connector with access fields",
    ask: ["POST", `${ml}/connectors/_create`, { ...blueprint, access_mode: "private" }],
    status: 400,
    reason:
      "You cannot specify connector access control parameters because the Security plugin or connector access control is disabled on your cluster.",
  },
  {
    name: "a connector that is tried only",
    ask: [
      "POST",
      `${ml}/connectors/_create`,
      { ...blueprint, parameters: { model: "m", truncate: "END" }, dry_run: true },
    ],
    status: 200,
    json: { connector_id: "dryRunConnector" },
  },
  { name: "a connector with an id of its own", ask: connector, status: 200, json: { connector_id: "c" } },
  {
    name: "a connector whose id is taken",
    after: [connector],
    ask: connector,
    status: 409,
    type: "status_exception",
    reason: "connector id 'c' already exists",
  },
  {
    name: "a connector whose id cannot be",
    ask: ["POST", `${ml}/connectors/_create`, { ...blueprint, connector_id: "_c" }],
    status: 400,
    reason: "connector id must not start with '_'",
  },
  {
    name: "a connector whose template is no JSON",
    ask: [
      "POST",
      `${ml}/connectors/_create`,
      { ...blueprint, actions: [{ ...action, request_body: "{ ${parameters.a}" }] },
    ],
    status: 400,
    type: "illegal_argument_exception",
  },
  {
    name: "a connector that is not there",
    ask: ["GET", `${ml}/connectors/create`],
    status: 404,
    type: "status_exception",
    reason: "Failed to find connector with the provided connector id: create",
  },
  ...["GET", "PUT", "DELETE"].map((method) => ({
    name: `${method} of the path that creates connectors`,
    ask: [method, `${ml}/connectors/_create`] as const,
    status: 405,
  })),
  {
    name: "a connector of a writer who sent access_mode, where access control is off",
    after: [["POST", `${ml}/connectors/_create`, { ...blueprint, connector_id: "c", access_mode: "public" }]],
    ask: ["GET", `${ml}/connectors/c?filter_path=access,access_mode,owner`],
    status: 200,
    json: { access: "public" },
  },
  {
    name: "a connector of a writer who sends access_mode later",
    after: [connector, ["PUT", `${ml}/connectors/c`, { access_mode: "public", description: "d" }]],
    ask: ["GET", `${ml}/connectors/c?filter_path=access`],
    status: 200,
    json: { access: "public" },
  },
  {
    name: "a connector whose writer sent no access_mode",
    after: [connector],
    ask: ["GET", `${ml}/connectors/c?filter_path=access,credential_keys`],
    status: 200,
    json: {},
  },
  {
    name: "the names of a connector's secrets, where they are asked for",
    after: [connector],
    ask: ["GET", `${ml}/connectors/c?drawbar=true&filter_path=credential_keys`],
    status: 200,
    json: { credential_keys: ["cohere_key"] },
  },
  {
    name: "connectors before there is one",
    ask: ["POST", `${ml}/connectors/_search?filter_path=hits`, { query: { match_all: {} } }],
    status: 200,
    json: { hits: noHits },
  },
  {
    name: "a search without a body",
    ask: ["GET", `${ml}/connectors/_search`],
    status: 400,
    type: "parse_exception",
    reason: "request body or source parameter is required",
  },
  {
    name: "a search with a body in the query",
    ask: [
      "GET",
      `${ml}/connectors/_search?filter_path=hits&source_content_type=application/json&source=${encodeURIComponent('{"query":{"match_all":{}}}')}`,
    ],
    status: 200,
    json: { hits: noHits },
  },
  {
    name: "a search with parameters of the query string",
    ask: ["POST", `${ml}/connectors/_search?size=1`, {}],
    status: 400,
    reason: `request [${ml}/connectors/_search] contains unrecognized parameter: [size]`,
  },
  {
    name: "a search with an unknown clause",
    ask: ["POST", `${ml}/models/_search`, { query: { nonsense: {} } }],
    status: 400,
    type: "parsing_exception",
  },
  {
    name: "a change without a body",
    after: [connector],
    ask: ["PUT", `${ml}/connectors/c`],
    status: 400,
    reason: "Failed to update connector: Request body is empty",
  },
  { name: "a change of a connector that is not there", ask: ["PUT", `${ml}/connectors/c`, {}], status: 404 },
  {
    name: "a change of a connector whose model is deployed",
    after: [connector, register, ["POST", `${ml}/models/m/_deploy`]],
    ask: ["PUT", `${ml}/connectors/c`, { description: "d" }],
    status: 200,
  },
  {
    name: "the deletion of a connector in use",
    after: [connector, register],
    ask: ["DELETE", `${ml}/connectors/c`],
    status: 409,
    reason: "1 models are still using this connector, please delete or update the models first: [m]",
  },
  {
    name: "the deletion of a connector that is not there",
    ask: ["DELETE", `${ml}/connectors/c?filter_path=result,_id`],
    status: 200,
    json: { _id: "c", result: "not_found" },
  },
  // models
  {
    name: "a model without a body",
    ask: ["POST", `${ml}/models/_register`],
    status: 400,
    type: "parse_exception",
    reason: "request body is required",
  },
  {
    name: "a model without a name",
    ask: ["POST", `${ml}/models/_register`, { function_name: "remote" }],
    status: 400,
    reason: "model name is null",
  },
  {
    name: "a model without a function",
    ask: ["POST", `${ml}/models/_register`, { name: "m" }],
    status: 400,
    reason: "model format is null",
  },
  {
    name: "a model without a connector",
    ask: ["POST", `${ml}/models/_register`, { name: "m", function_name: "remote" }],
    status: 400,
    reason: "You must provide connector content when creating a remote model without connector id!",
  },
  { name: "a model with a connector that is not there", ask: register, status: 404 },
  {
    name: "a model that is its group's first",
    after: [connector, group],
    ask: ["POST", `${ml}/models/_register?filter_path=-task_id`, { ...model, model_group_id: "g" }],
    status: 200,
    json: { status: "CREATED", model_id: "m" },
  },
  {
    name: "a model of a name that a group has",
    after: [
      connector,
      group,
      ["POST", `${ml}/models/_register`, { ...model, name: "g" }],
      ["POST", `${ml}/models/_register`, { ...model, name: "g", model_id: "n" }],
    ],
    ask: ["GET", `${ml}/models/n?filter_path=model_group_id,model_version`],
    status: 200,
    json: { model_group_id: "g", model_version: "2" },
  },
  { name: "a model by the old path", after: [connector], ask: ["POST", `${ml}/models/_upload`, model], status: 200 },
  {
    name: "a model that is not there",
    ask: ["GET", `${ml}/models/m`],
    status: 404,
    reason: "Failed to find model with the provided model id: m",
  },
  {
    name: "a model that is deployed as it is registered",
    after: [connector, ["POST", `${ml}/models/_register?deploy=true`, model]],
    ask: ["GET", `${ml}/models/m?filter_path=model_state`],
    status: 200,
    json: { model_state: "DEPLOYED" },
  },
  {
    name: "a deployment of a model that is not there",
    ask: ["POST", `${ml}/models/m/_deploy`],
    status: 404,
  },
  {
    name: "a deployment to chosen nodes",
    after: [connector, register],
    ask: ["POST", `${ml}/models/m/_deploy`, { node_ids: ["n"] }],
    status: 400,
    reason: "Don't allow custom deployment plan",
  },
  {
    name: "an undeployment of nothing",
    ask: ["POST", `${ml}/models/_undeploy`],
    status: 400,
    reason: "Must set specific model ids to undeploy",
  },
  {
    name: "an undeployment of several that are not there",
    ask: ["POST", `${ml}/models/_undeploy`, { model_ids: ["a", "b"] }],
    status: 200,
    json: { drawbar: { stats: { a: "not_found", b: "not_found" } } },
  },
  {
    name: "the deletion of a deployed model",
    after: [connector, register, ["POST", `${ml}/models/m/_deploy`]],
    ask: ["DELETE", `${ml}/models/m`],
    status: 400,
    reason: "Model cannot be deleted in deploying or deployed state. Try undeploy model first then delete",
  },
  // predicts
  { name: "a predict of a model that is not there", ask: predict, status: 404 },
  {
    name: "a predict without a body",
    after: [connector, register],
    ask: ["POST", `${ml}/models/m/_predict`],
    status: 400,
    reason: "request body is required",
  },
  {
    name: "a predict that lacks a parameter",
    after: [connector, register],
    ask: ["POST", `${ml}/models/m/_predict`, {}],
    status: 400,
    reason: "Some parameter placeholder not filled in payload: texts",
  },
  {
    name: "a predict of a model that is off",
    after: [connector, register, ["PUT", `${ml}/models/m`, { is_enabled: false }]],
    ask: predict,
    status: 403,
    type: "status_exception",
    reason: "Model is disabled.",
  },
  {
    name: "a predict where nobody deploys",
    after: [
      connector,
      register,
      ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.model_auto_deploy.enable": false } }],
    ],
    ask: predict,
    status: 400,
    reason: "Model not ready yet. Please deploy the model first.",
  },
  {
    name: "a predict of an unknown kind",
    after: [connector, register],
    ask: ["POST", `${ml}/_predict/nonsense/m`, {}],
    status: 400,
    reason: "Wrong function name",
  },
  {
    name: "a predict by an algorithm of a model that is not there",
    ask: ["POST", `${ml}/_predict/text_embedding/m`, { text_docs: ["a"] }],
    status: 404,
    reason: "Failed to find model",
  },
  {
    name: "a predict that a header of AWS throttles",
    after: [connector, register],
    platform: () =>
      Answer.json({ message: "slow" }, 400, { "x-amzn-errortype": "ThrottlingException:http://internal" }),
    ask: predict,
    status: 400,
    type: "remote_connector_throttling_exception",
    reason:
      "Error from remote service: The request was denied due to remote server throttling. To change the retry policy and behavior, please update the connector client_config.",
  },
  {
    name: "a registration while remote inference is off",
    after: [
      connector,
      ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.remote_inference.enabled": false } }],
    ],
    ask: register,
    status: 400,
    type: "status_exception",
  },
  {
    name: "a model with a rate limit below zero",
    after: [connector],
    ask: ["POST", `${ml}/models/_register`, { ...model, rate_limiter: { limit: "-4", unit: "MINUTES" } }],
    status: 400,
    type: "parse_exception",
    reason: "Limit field must be a positive number.",
  },
  ...[
    ["its own node", ["drawbar"], 200],
    ["another node", ["drawbar", "n"], 400],
  ].map(([name, node_ids, status]) => ({
    name: `a deployment plan that names ${String(name)}, where plans are allowed`,
    after: [
      connector,
      register,
      [
        "PUT",
        "/_cluster/settings",
        { persistent: { "plugins.ml_commons.allow_custom_deployment_plan": true } },
      ] as const,
    ],
    ask: ["POST", `${ml}/models/m/_deploy`, { node_ids }] as const,
    status: Number(status),
  })),
  {
    name: "a registration with a plan, where plans are not allowed: it is not deployed",
    after: [connector, ["POST", `${ml}/models/_register?deploy=true`, { ...model, model_node_ids: ["n"] }]],
    ask: ["GET", `${ml}/models/m?filter_path=model_state`],
    status: 200,
    json: { model_state: "REGISTERED" },
  },
  { name: "a predict of batches", ask: ["POST", `${ml}/models/m/_batch_predict`, {}], status: 501 },
  // groups
  {
    name: "a group without a body",
    ask: ["POST", `${ml}/model_groups/_register`],
    status: 400,
    reason: "Model group request has empty body",
  },
  {
    name: "a group without a name",
    ask: ["POST", `${ml}/model_groups/_register`, {}],
    status: 400,
    reason: "model group name must not be null",
  },
  {
    name: "a group that is not there",
    ask: ["GET", `${ml}/model_groups/g`],
    status: 404,
    reason: "Failed to find model group with the provided model group id: g",
  },
  {
    name: "the deletion of a group with models",
    after: [connector, group, ["POST", `${ml}/models/_register`, { ...model, model_group_id: "g" }]],
    ask: ["DELETE", `${ml}/model_groups/g`],
    status: 409,
    reason: "Cannot delete the model group when it has associated model versions",
  },
  {
    name: "the deletion of a group that is not there",
    ask: ["DELETE", `${ml}/model_groups/g?filter_path=result`],
    status: 200,
    json: { result: "not_found" },
  },
  // tasks
  { name: "a task that is not there", ask: ["GET", `${ml}/tasks/t`], status: 404, reason: "Failed to find task" },
  ...["_cancel", "_cancel_batch"].flatMap((verb) => [
    {
      name: `${verb} of a task that is not there`,
      ask: ["POST", `${ml}/tasks/t/${verb}`] as const,
      status: 404,
      type: "status_exception",
      reason: "Fail to find task",
    },
    {
      name: `${verb} of a task that is no batch`,
      after: [connector, register],
      ask: ["POST", `${ml}/tasks/{task}/${verb}`] as const,
      status: 400,
      type: "illegal_argument_exception",
      reason: "The task ID you provided does not have any associated batch job",
    },
  ]),
  {
    name: "where a model came to stand, in its task where it is asked for",
    after: [connector, group, ["POST", `${ml}/models/_register`, { ...model, model_group_id: "g" }]],
    ask: ["GET", `${ml}/tasks/{task}?drawbar=true&filter_path=placement`],
    status: 200,
    json: { placement: { model_group_id: "g", model_version: "1", model_group_created: false } },
  },
  {
    name: "a task with the documented fields",
    after: [connector, register],
    ask: ["GET", `${ml}/tasks/{task}?filter_path=placement`],
    status: 200,
    json: {},
  },
  {
    name: "tasks that are searched for, with the documented fields",
    after: [connector, register],
    ask: ["POST", `${ml}/tasks/_search?filter_path=**.placement`, { query: { match_all: {} } }],
    status: 200,
    json: {},
  },
  {
    name: "the config that holds a cluster's master key",
    ask: ["GET", `${ml}/config/master_key`],
    status: 400,
    type: "illegal_argument_exception",
    reason: "You are not allowed to access this config doc",
  },
  // settings
  {
    name: "settings without any",
    ask: ["PUT", "/_cluster/settings", { persistent: {} }],
    status: 400,
    type: "action_request_validation_exception",
    reason: "Validation Failed: 1: no settings to update;",
  },
  {
    name: "a flag that is none",
    ask: ["PUT", "/_cluster/settings", { transient: { "plugins.ml_commons.stream_enabled": "on" } }],
    status: 400,
    reason: "Failed to parse value [on] as only [true] or [false] are allowed.",
  },
  {
    name: "settings that are taken back",
    after: [["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.stream_enabled": false } }]],
    ask: ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.*": null } }],
    status: 200,
    json: { acknowledged: true, persistent: {}, transient: {} },
  },
  // stats
  {
    name: "a stat that is none",
    ask: ["GET", `${ml}/stats/nonsense`],
    status: 400,
    reason: "Wrong ML cluster level stat",
  },
  {
    name: "the stats of another node",
    ask: ["GET", `${ml}/other/stats/ml_model_count`],
    status: 200,
    json: { ml_model_count: 0 },
  },
  { name: "a profile of nothing", ask: ["GET", `${ml}/profile/models/m?view=model`], status: 200, json: {} },
]

describe("a client of ML Commons is answered", () => {
  for (const { name, after = [], ask, platform, status, type, reason, json } of cases)
    it(name, async () => {
      await using drawbar = await Drawbar.start(platform)
      let task = ""
      for (const [method, path, body] of after) {
        const before = await Drawbar.ask(drawbar, method, path, body)
        assert.strictEqual(before.status, 200, before.text)
        task = before.json.task_id ?? task
      }
      const [method, path, body] = ask
      const answered = await Drawbar.ask(drawbar, method, path.replace("{task}", task), body)
      assert.strictEqual(answered.status, status, answered.text)
      if (type !== undefined) assert.strictEqual(answered.json.error.type, type)
      if (reason !== undefined) assert.strictEqual(answered.json.error.reason, reason)
      if (json !== undefined) assert.deepStrictEqual(answered.json, json)
    })

  it("a setting that opens more than it seems to, with a warning", async () => {
    await using drawbar = await Drawbar.start()
    const warning = async (pattern: string) => {
      const response = await fetch(`${drawbar.url}/_cluster/settings`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          persistent: { "plugins.ml_commons.trusted_connector_endpoints_regex": [pattern] },
        }),
      })
      assert.hasAllKeys(await response.json(), ["acknowledged", "persistent", "transient"])
      return response.headers.get("warning")
    }
    assert.include(await warning("^https://.*\\.example\\.com/.*$"), "its host is open")
    assert.isNull(await warning("^https://api\\.example\\.com/.*$"))
  })

  it("a search whose GET has a body", async () => {
    await using drawbar = await Drawbar.start()
    await Drawbar.ask(drawbar, ...connector)
    const body = '{"query":{"ids":{"values":["c"]}}}'
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        `${drawbar.url}${ml}/connectors/_search`,
        { method: "GET", headers: { "content-type": "application/json", "content-length": String(body.length) } },
        (incoming) => {
          let read = ""
          incoming.on("data", (chunk) => (read += chunk))
          incoming.on("end", () => resolve(read))
        },
      )
      outgoing.on("error", reject)
      outgoing.end(body)
    })
    assert.strictEqual(JSON.parse(text).hits.total.value, 1)
  })

  it("a predict whose numbers keep their digits on both ways", async () => {
    const body = '{"embeddings":[[1.10,2e400]]}'
    await using drawbar = await Drawbar.start(() => ({
      kind: "response",
      status: 200,
      headers: { "content-type": "application/json" },
      body,
    }))
    await Drawbar.ask(drawbar, ...connector)
    await Drawbar.ask(drawbar, ...register)
    const response = await fetch(`${drawbar.url}${ml}/models/m/_predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{"texts":[1.10, 9007199254740993]}}',
    })
    assert.include(await response.text(), '"data":[1.10,2e400]')
    assert.include(drawbar.platform.requests[0]?.text ?? "", "[1.10, 9007199254740993]")
  })
})
