import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"

const { secret, blueprint } = Drawbar

describe("a secret", () => {
  it("is in no response to any request", async () => {
    await using drawbar = await Drawbar.start(() => Answer.text("no", 401))
    const seen: Array<string> = []
    const ask = async (method: string, path: string, body?: unknown) => {
      const { text, json } = await Drawbar.ask(drawbar, method, path, body)
      seen.push(`${method} ${path}: ${text}`)
      return json
    }
    const ml = "/_plugins/_ml"
    const { connector_id } = await ask("POST", `${ml}/connectors/_create`, blueprint)
    await ask("POST", `${ml}/connectors/_create`, { ...blueprint, protocol: secret })
    await ask("POST", `${ml}/connectors/_create`, { ...blueprint, credential: { cohere_key: [secret] } })
    await ask("POST", `${ml}/connectors/_create`, { ...blueprint, credential: secret })
    await ask("POST", `${ml}/connectors/_create`, `{"credential":{"cohere_key":"${secret}"`)
    await ask("PUT", `${ml}/connectors/${connector_id}`, { credential: { cohere_key: secret } })
    await ask("GET", `${ml}/connectors/${connector_id}`)
    const query = { query: { match_all: {} }, _source: ["*", "credential*", "connector.credential*"] }
    const { model_id: standalone } = await ask("POST", `${ml}/models/_register?deploy=true`, {
      name: "a",
      function_name: "remote",
      connector_id,
    })
    const { model_id: inline } = await ask("POST", `${ml}/models/_register`, {
      name: "b",
      function_name: "remote",
      connector: blueprint,
    })
    assert.isString(inline, seen.at(-1))
    for (const id of [standalone, inline]) {
      await ask("GET", `${ml}/models/${id}`)
      await ask("POST", `${ml}/models/${id}/_predict?error_trace=true`, { parameters: { texts: ["x"] } })
      await ask("POST", `${ml}/models/${id}/_render`, { parameters: { texts: ["x"] } })
    }
    await ask("POST", `${ml}/connectors/_render`, { blueprint, input: { parameters: { texts: ["x"] } } })
    for (const of of ["connectors", "models", "tasks", "model_groups"]) await ask("POST", `${ml}/${of}/_search`, query)
    for (const path of ["/stats", "/profile"]) await ask("GET", ml + path)
    for (const answer of seen) assert.notInclude(answer, secret)
    assert.isAbove(drawbar.platform.requests.length, 0)
  })

  it("is masked in a rendered request", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/connectors/_render", {
      blueprint,
      input: { parameters: { texts: ["x"] } },
    })
    assert.strictEqual(json.method, "POST")
    assert.strictEqual(json.url, "https://api.cohere.ai/v1/embed")
    assert.include(JSON.stringify(json.headers), "Bearer ***")
    assert.deepStrictEqual(JSON.parse(json.body), { texts: ["x"], model: "embed-english-v3.0", truncate: "END" })
    assert.strictEqual(drawbar.platform.requests.length, 0)
  })
})
