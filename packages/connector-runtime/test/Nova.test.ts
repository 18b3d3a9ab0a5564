/** What a model's provider needs of a body beyond its template is chosen when the connector is compiled. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import * as CompiledConnector from "../src/call/CompiledConnector.ts"
import * as UpstreamRequest from "../src/call/UpstreamRequest.ts"

const nova = "amazon.nova-2-multimodal-embeddings-v1:0"
const template =
  '{"singleEmbeddingParams":{"embeddingDimension":256,"text":{"value":${parameters.text:-null}},"image":{"source":{"bytes":${parameters.image:-null}}},"video":null}}'

const compiled = (parameters: Connector["parameters"]) => {
  const connector: Connector = {
    name: "A",
    version: "1",
    protocol: "http",
    parameters,
    actions: [{ action_type: "PREDICT", method: "POST", url: "https://a.example/", request_body: template }],
  }
  const [action] = Result.getOrThrow(CompiledConnector.compile(connector, [])).actions
  return action ?? assert.fail("The connector has no action")
}

const sent = (parameters: Connector["parameters"]) => {
  const supplied = { caller: new Map(), runtime: new Map() }
  const { body = "" } = Result.getOrThrow(UpstreamRequest.render(compiled(parameters), supplied, () => ""))
  const document = Result.getOrThrow(Json.parse(body))
  return Object.keys(Object(Json.isObject(document) ? document["singleEmbeddingParams"] : undefined))
}

const all = ["embeddingDimension", "text", "image", "video"]

describe("the body of a connector", () => {
  it.each([
    ["of Nova with a text", { model: nova, text: '"a"' }, ["embeddingDimension", "text"]],
    ["of Nova with an image", { model: nova, image: '"aGk="' }, ["embeddingDimension", "image"]],
    ["of Nova with nothing", { model: nova }, ["embeddingDimension"]],
    ["of another model", { model: "amazon.titan-embed-image-v1", text: '"a"' }, all],
    ["of no model", { text: '"a"' }, all],
  ])("%s has the media %o -> %o", (_, parameters, media) => assert.deepStrictEqual(sent(parameters), media))

  it("of another model is not rewritten at all", () => {
    assert.isFunction(compiled({ model: nova }).bodyRewrite)
    assert.isUndefined(compiled({ model: `${nova}x` }).bodyRewrite)
  })
})
