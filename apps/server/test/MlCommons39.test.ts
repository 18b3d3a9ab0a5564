/**
 * Corrections of ML Commons 3.9: ids with hyphens, one unreadable record among others, models without
 * `additional_config`.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const model = (connector_id: string, more: object = {}) => ({
  name: "m",
  function_name: "remote",
  connector_id,
  ...more,
})

const requested = (url: string) => (method: string, path: string, body?: unknown) =>
  Drawbar.ask({ url } as Drawbar.Drawbar, method, `${ml}${path}`, body)

describe("an id with hyphens", () => {
  it.each(["a-b", "a--b", "my-model-1", "A-1_b-C", "a-"])("%s is created, updated, called and deleted", async (id) => {
    await using drawbar = await Drawbar.start(() => Answer.json({ embeddings: [[1]] }))
    const ask = (method: string, path: string, body?: unknown) => Drawbar.ask(drawbar, method, `${ml}${path}`, body)
    const steps = [
      await ask("POST", "/connectors/_create", { ...Drawbar.blueprint, connector_id: id }),
      await ask("PUT", `/connectors/${id}`, { description: "other words" }),
      await ask("POST", "/model_groups/_register", { name: "g", model_group_id: id }),
      await ask("PUT", `/model_groups/${id}`, { description: "other words" }),
      await ask("POST", "/models/_register?deploy=true", model(id, { model_id: id, model_group_id: id })),
      await ask("PUT", `/models/${id}`, { description: "other words" }),
      await ask("GET", `/models/${id}`),
      await ask("POST", `/models/${id}/_predict`, { parameters: { texts: ["a"] } }),
      await ask("POST", `/models/${id}/_undeploy`),
      await ask("DELETE", `/models/${id}`),
      await ask("DELETE", `/model_groups/${id}`),
      await ask("DELETE", `/connectors/${id}`),
    ]
    for (const { status, text } of steps) assert.isBelow(status, 300, text)
    for (const kind of ["connectors", "models", "model_groups"])
      assert.strictEqual((await ask("GET", `/${kind}/${id}`)).status, 404)
  })
})

describe("an unreadable record", () => {
  it.each([
    ["connector", '{"name":7}'],
    ["connector", "{"],
    ["model", '{"model_state":"DEPLOYING"}'],
    ["model", "{"],
  ])("a %s of %s leaves the others usable", async (collection, source) => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-record-"))
    const platform = await StubPlatform.start({
      handler: () => Answer.json({ embeddings: [[1]] }),
      tls: ["api.cohere.ai"],
    })
    const options = {
      files: { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") },
      connectTo: { "api.cohere.ai:443": `127.0.0.1:${platform.port}` },
      certificateAuthorities: [platform.ca],
    }
    const ids = ["good", "bad"]
    try {
      {
        await using server = await InProcess.listen(options)
        const ask = requested(server.url)
        for (const id of ids) {
          await ask("POST", "/connectors/_create", { ...Drawbar.blueprint, connector_id: id })
          await ask("POST", "/models/_register?deploy=true", model(id, { model_id: id, name: id }))
        }
      }
      const database = new DatabaseSync(options.files.database)
      const { changes } = database
        .prepare("UPDATE documents SET source = ? WHERE collection = ? AND id = ?")
        .run(source, collection, "bad")
      database.close()
      assert.strictEqual(Number(changes), 1)
      await using server = await InProcess.listen(options)
      const ask = requested(server.url)
      const predict = (id: string) => ask("POST", `/models/${id}/_predict`, { parameters: { texts: ["a"] } })
      const good = await predict("good")
      assert.strictEqual(good.status, 200, good.text)
      assert.isAtLeast((await predict("bad")).status, 400)
      assert.strictEqual((await ask("GET", "/models/good")).json.model_state, "DEPLOYED")
      assert.strictEqual((await ask("GET", "/profile")).status, 200)
      assert.strictEqual((await ask("GET", "/stats")).status, 200)
      await ask("POST", "/models/good/_undeploy")
      assert.strictEqual((await ask("DELETE", "/models/good")).status, 200)
      assert.strictEqual((await ask("DELETE", "/connectors/good")).status, 200)
    } finally {
      await platform.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe("a model without additional_config", () => {
  it.each([
    ["no model_config", {}],
    ["a model_config of its type alone", { model_config: { model_type: "text_similarity" } }],
    ["an additional_config of null", { model_config: { model_type: "x", additional_config: null } }],
    ["all_config without it", { model_config: { model_type: "x", all_config: "{}" } }],
  ])("with %s is deployed, called, updated and undeployed", async (_, settings) => {
    await using drawbar = await Drawbar.start(() => Answer.json({ embeddings: [[1]] }))
    const ask = (method: string, path: string, body?: unknown) => Drawbar.ask(drawbar, method, `${ml}${path}`, body)
    const { json } = await ask("POST", "/connectors/_create", Drawbar.blueprint)
    const registered = await ask("POST", "/models/_register", model(json.connector_id, settings))
    const id = registered.json.model_id
    const steps = [
      await ask("POST", `/models/${id}/_deploy`),
      await ask("POST", `/models/${id}/_predict`, { parameters: { texts: ["a"] } }),
      await ask("PUT", `/models/${id}`, { description: "other words", ...settings }),
      await ask("POST", `/models/${id}/_predict`, { parameters: { texts: ["a"] } }),
      await ask("POST", `/models/${id}/_undeploy`),
    ]
    for (const { status, text } of steps) assert.strictEqual(status, 200, text)
  })
})
