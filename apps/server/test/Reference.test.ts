import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

describe("the reference", () => {
  it("is a page at /_docs that needs nothing else", async () => {
    await using drawbar = await Drawbar.start()
    const response = await fetch(`${drawbar.url}/_docs`)
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8")
    const page = await response.text()
    assert.include(page, "/_plugins/_ml/models/{model_id}/_predict")
    assert.notMatch(page, /<script|src=/)
  })

  it("is a document with servers, security and examples at /openapi.json", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "GET", "/openapi.json")
    assert.deepStrictEqual(Object.keys(json.components.securitySchemes), ["apiKey", "basic"])
    assert.lengthOf(json.servers, 1)
    const create = json.paths["/_plugins/_ml/connectors/_create"].post
    assert.strictEqual(create.summary, "Create a connector")
    const media = create.requestBody.content["application/json"]
    assert.strictEqual(media.schema.$ref, "#/components/schemas/Blueprint")
    // The example is a body that the server takes, once its secret is one.
    const body = { ...media.example, credential: { openAI_key: Drawbar.secret } }
    const made = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/connectors/_create", body)
    assert.strictEqual(made.status, 200, made.text)
  })

  it("has the JSON Schema of blueprints", async () => {
    await using drawbar = await Drawbar.start()
    const { status, json } = await Drawbar.ask(drawbar, "GET", "/_plugins/_drawbar/schemas/blueprint.json")
    assert.strictEqual(status, 200)
    assert.strictEqual(json.$schema, "https://json-schema.org/draft/2020-12/schema")
    assert.containsAllKeys(json.properties, ["name", "protocol", "actions", "$schema"])
  })
})
