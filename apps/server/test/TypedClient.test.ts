import { DrawbarApi } from "@drawbar/http-api/routes/DrawbarApi"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as Drawbar from "./Drawbar.ts"

const clientOf = ({ url }: Drawbar.Drawbar) =>
  Effect.runPromise(HttpApiClient.make(DrawbarApi, { baseUrl: url }).pipe(Effect.provide(FetchHttpClient.layer)))

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

describe("the client that is made from the contracts", () => {
  it("is answered by them", async () => {
    await using drawbar = await Drawbar.start()
    const client = await clientOf(drawbar)
    const about = await run(client.cluster.about({ query: {} }))
    assert.strictEqual(about.version.distribution, "opensearch")
    const { connector_id } = await run(client.connectors.create({ payload: Drawbar.blueprint }))
    const { model_id } = await run(
      client.models.register({
        query: { deploy: "true" },
        payload: { name: "m", function_name: "remote", connector_id },
      }),
    )
    const { inference_results } = await run(
      client.predictions.predict({ params: { model_id }, query: {}, payload: { parameters: { texts: ["a"] } } }),
    )
    assert.deepStrictEqual(inference_results?.[0]?.output?.[0]?.data, [0.1, 0.25])
    const found = await run(client.models.search({ payload: { query: { match_all: {} } } }))
    assert.deepStrictEqual(
      found.hits.hits.map(({ _id }) => _id),
      [model_id],
    )
  })

  it("is told of a refusal by the envelope", async () => {
    await using drawbar = await Drawbar.start()
    const client = await clientOf(drawbar)
    const refusal = await Effect.runPromise(
      Effect.flip(client.models.get({ params: { model_id: "no/such id" }, query: {} })),
    )
    assert.deepInclude(refusal, { status: 404 })
    assert.include(JSON.stringify(refusal), "Failed to find model with the provided model id: no/such id")
  })

  it("can be made by others, from /openapi.json", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "GET", "/openapi.json")
    assert.strictEqual(json.openapi, "3.1.0")
    assert.containsAllKeys(json.paths, ["/_plugins/_ml/connectors/_create", "/_plugins/_ml/models/{model_id}/_predict"])
  })
})
