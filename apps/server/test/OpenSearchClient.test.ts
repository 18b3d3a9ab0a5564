import { errors } from "@opensearch-project/opensearch"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"

const refusal = async (run: () => Promise<unknown>): Promise<{ status: number | undefined; reason: string }> => {
  try {
    await run()
  } catch (error) {
    if (error instanceof errors.ResponseError) return { status: error.statusCode, reason: error.body.error.reason }
    throw error
  }
  throw new Error("the call was not rejected")
}

const connected = async (drawbar: Drawbar.Drawbar) => {
  const { body } = await drawbar.ml.createConnector({ body: Drawbar.blueprint })
  return body.connector_id
}

const registered = async (drawbar: Drawbar.Drawbar, deploy = false) => {
  const { body } = await drawbar.ml.registerModel({
    deploy,
    body: { name: "m", function_name: "remote", connector_id: await connected(drawbar) },
  })
  return body
}

describe("OpenSearch's own client", () => {
  it("identifies the server", async () => {
    await using drawbar = await Drawbar.start()
    const { body } = await drawbar.client.info()
    assert.strictEqual(body.version.distribution, "opensearch")
    assert.match(body.version.number, /^3\./)
    assert.isTrue((await drawbar.client.ping()).body)
  })

  it("creates, gets, changes, finds and deletes a connector", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    const connector_id = await connected(drawbar)
    assert.match(connector_id, /^[A-Za-z0-9_-]{20}$/)

    const { body: shown } = await ml.getConnector({ connector_id })
    assert.strictEqual(shown.version, "1")
    assert.strictEqual(shown.parameters.temperature, "0.5")
    assert.notProperty(shown, "credential")

    const { body: updated } = await ml.updateConnector({ connector_id, body: { description: "changed" } })
    assert.deepInclude(updated, { _id: connector_id, _version: 2, result: "updated" })

    const { body: found } = await ml.searchConnectors({
      body: { query: { term: { "name.keyword": "Cohere embeddings" } } },
    })
    const [hit] = found.hits.hits
    assert.deepInclude(hit, { _index: ".plugins-ml-connector", _id: connector_id, _version: 2 })
    assert.strictEqual(hit._source.description, "changed")

    assert.deepInclude((await ml.deleteConnector({ connector_id })).body, { result: "deleted" })
    assert.deepInclude((await ml.deleteConnector({ connector_id })).body, { result: "not_found" })
    assert.deepStrictEqual(await refusal(() => ml.getConnector({ connector_id })), {
      status: 404,
      reason: `Failed to find connector with the provided connector id: ${connector_id}`,
    })
  })

  it("registers, gets, changes, finds, deploys, undeploys and deletes a model", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    const { task_id, model_id, status } = await registered(drawbar)
    assert.strictEqual(status, "CREATED")
    const { body: task } = await ml.getTask({ task_id })
    assert.deepInclude(task, { task_type: "REGISTER_MODEL", state: "COMPLETED", model_id })
    assert.deepInclude((await ml.getModel({ model_id })).body, {
      name: "m",
      algorithm: "REMOTE",
      model_version: "1",
      model_state: "REGISTERED",
    })
    assert.deepInclude((await ml.updateModel({ model_id, body: { description: "d" } })).body, {
      result: "updated",
    })
    const { body: found } = await ml.searchModels({ body: { query: { match_all: {} }, size: 1000 } })
    assert.deepStrictEqual(
      found.hits.hits.map((hit: { _id: string }) => hit._id),
      [model_id],
    )

    const { body: deployed } = await ml.deployModel({ model_id })
    assert.deepInclude(deployed, { task_type: "DEPLOY_MODEL", status: "COMPLETED" })
    assert.deepInclude((await ml.getModel({ model_id })).body, {
      model_state: "DEPLOYED",
      current_worker_node_count: 1,
    })
    assert.strictEqual((await refusal(() => ml.deleteModel({ model_id }))).status, 400)

    const states = async () => Object.values((await ml.undeployModel({ model_id })).body).map((node: any) => node.stats)
    assert.deepStrictEqual(await states(), [{ [model_id]: "undeployed" }])
    assert.deepStrictEqual(await states(), [{ [model_id]: "not_found" }])
    assert.deepInclude((await ml.deleteModel({ model_id })).body, { result: "deleted" })
    assert.deepStrictEqual(await refusal(() => ml.deleteModel({ model_id })), {
      status: 404,
      reason: "Failed to find model",
    })
  })

  it("uses the old names of deploy and undeploy", async () => {
    await using drawbar = await Drawbar.start()
    const { model_id } = await registered(drawbar)
    const loaded = await drawbar.ml.loadModel({ model_id })
    assert.include(String(loaded.headers?.["warning"]), "/_deploy] instead.")
    const unloaded = await drawbar.ml.unloadModel({ model_id })
    assert.include(JSON.stringify(unloaded.body), "undeployed")
  })

  it("registers, gets, changes, finds and deletes a model group", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    const { body } = await ml.registerModelGroup({ body: { name: "g", description: "d" } })
    const { model_group_id } = body
    assert.strictEqual(body.status, "CREATED")
    assert.deepInclude((await ml.getModelGroup({ model_group_id })).body, { name: "g", latest_version: 0 })
    assert.deepStrictEqual((await ml.updateModelGroup({ model_group_id, body: { description: "e" } })).body, {
      status: "Updated",
    })
    const { body: found } = await ml.searchModelGroup({ body: { query: { match: { name: "g" } } } })
    assert.strictEqual(found.hits.total.value, 1)
    assert.deepStrictEqual(await refusal(() => ml.registerModelGroup({ body: { name: "g" } })), {
      status: 400,
      reason: `The name you provided is already being used by a model group with ID: ${model_group_id}.`,
    })
    assert.deepInclude((await ml.deleteModelGroup({ model_group_id })).body, { result: "deleted" })
  })

  it("finds and deletes tasks", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    const { task_id } = await registered(drawbar)
    const { body: found } = await ml.searchTasks({
      body: { query: { term: { task_type: "REGISTER_MODEL" } } },
    })
    assert.strictEqual(found.hits.hits[0]._id, task_id)
    assert.deepInclude((await ml.deleteTask({ task_id })).body, { result: "deleted" })
    assert.deepStrictEqual(await refusal(() => ml.getTask({ task_id })), { status: 404, reason: "Failed to find task" })
  })

  it("predicts with the connector's own parameters, and with text docs", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    const { model_id } = await registered(drawbar)
    const expected = {
      inference_results: [
        {
          output: [{ name: "sentence_embedding", data_type: "FLOAT32", shape: [2], data: [0.1, 0.25] }],
          status_code: 200,
        },
      ],
    }
    const own = await ml.predictModel({ model_id, body: { parameters: { texts: ["a"] } } })
    assert.deepStrictEqual(own.body, expected)
    const docs = await ml.predict({ algorithm_name: "text_embedding", model_id, body: { text_docs: ["b"] } })
    assert.deepStrictEqual(docs.body, expected)
    assert.deepStrictEqual(
      drawbar.platform.requests.map((request) => [Received.header(request, "authorization"), Received.json(request)]),
      ["a", "b"].map((text) => [
        `Bearer ${Drawbar.secret}`,
        { texts: [text], model: "embed-english-v3.0", truncate: "END" },
      ]),
    )
    const { body: model } = await ml.getModel({ model_id })
    assert.strictEqual(model.model_state, "DEPLOYED")
  })

  it("receives an upstream error", async () => {
    await using drawbar = await Drawbar.start(() =>
      Answer.json({ message: "slow down" }, 429, { "x-request-id": "r-1", "retry-after": "7" }),
    )
    const { model_id } = await registered(drawbar)
    const { status, json } = await Drawbar.ask(drawbar, "POST", `/_plugins/_ml/models/${model_id}/_predict`, {
      parameters: { texts: ["a"] },
    })
    assert.strictEqual(status, 429)
    assert.match(json.error.reason, /^Error from remote service: \{"message":"slow down"\}\. Status 429 is from https:/)
    assert.match(json.error.root_cause[0].reason, /^Error from remote service: Status 429 is from https:/)
    assert.deepInclude(json.error.remote, { status: 429, body: '{"message":"slow down"}' })
  })

  it("reads and changes settings, in either form", async () => {
    await using drawbar = await Drawbar.start()
    const { cluster } = drawbar.client
    const name = "plugins.ml_commons.model_auto_deploy.enable"
    const { body } = await cluster.putSettings({ body: { persistent: { [name]: false } } })
    assert.deepStrictEqual(body, {
      acknowledged: true,
      persistent: { plugins: { ml_commons: { model_auto_deploy: { enable: "false" } } } },
      transient: {},
    })
    const flat = await cluster.getSettings({ flat_settings: true, include_defaults: true })
    assert.strictEqual(Reflect.get(flat.body.persistent, name), "false")
    assert.property(flat.body.defaults, "plugins.ml_commons.stream_enabled")
    assert.deepStrictEqual(
      await refusal(() => cluster.putSettings({ body: { persistent: { "plugins.ml_commons.nothing": 1 } } })),
      {
        status: 400,
        reason:
          "persistent setting [plugins.ml_commons.nothing], not recognized. See docs/configuration.md, or GET /_cluster/settings?include_defaults=true, which lists the settings",
      },
    )
  })

  it("counts operations, and shows current ones", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    assert.deepStrictEqual((await ml.getProfile()).body, {})
    const { model_id } = await registered(drawbar)
    await ml.predictModel({ model_id, body: { parameters: { texts: ["a"] } } })
    const { body: stats } = await ml.getStats()
    assert.deepInclude(stats, { ml_model_count: 1, ml_connector_count: 1 })
    const [node] = Object.values(stats.nodes) as Array<any>
    assert.strictEqual(node.ml_deployed_model_count, 1)
    assert.strictEqual(node.models[model_id].predict.ml_action_request_count, 1)
    assert.deepStrictEqual(Object.keys((await ml.getStats({ stat: "ml_model_count" })).body), ["ml_model_count"])
    const { body: profile } = await ml.getProfileModels({ model_id })
    const [live] = Object.values(profile.nodes) as Array<any>
    assert.deepInclude(live.models[model_id], { model_state: "DEPLOYED" })
    assert.strictEqual(live.models[model_id].predict_request_stats.count, 1)
  })

  it("receives errors for unsupported and unimplemented endpoints", async () => {
    await using drawbar = await Drawbar.start()
    const { ml } = drawbar
    assert.strictEqual((await refusal(() => ml.getAllTools())).status, 400)
  })
})
