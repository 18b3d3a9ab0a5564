/** What operators see: health, metrics, and a line for each request. */
import { request } from "node:http"
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"

const metricsOf = async ({ url }: Drawbar.Drawbar) => {
  const response = await fetch(`${url}/metrics`)
  assert.include(response.headers.get("content-type"), "text/plain")
  return response.text()
}

const registered = async (drawbar: Drawbar.Drawbar): Promise<string> => {
  const body = { name: "m", function_name: "remote", connector: Drawbar.blueprint }
  return (await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, body)).json.model_id
}

describe("health", () => {
  it("is good while the server works, on every path", async () => {
    await using drawbar = await Drawbar.start()
    for (const path of ["/_health/live", "/_health/ready"]) {
      assert.deepStrictEqual((await Drawbar.ask(drawbar, "GET", path)).json, { status: "ok" })
      const status = await new Promise((resolve) =>
        request({ port: drawbar.port, path, headers: { host: "10.1.2.3" } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        }).end(),
      )
      assert.strictEqual(status, 200)
    }
  })
})

describe("metrics", () => {
  it("count requests by route and predicts by model, without series for what does not exist", async () => {
    await using drawbar = await Drawbar.start(({ text }) =>
      text.includes("bad") ? Answer.json({}, 429) : Answer.json({ embeddings: [[1]] }),
    )
    const id = await registered(drawbar)
    const predict = (model: string, text: string) =>
      Drawbar.ask(drawbar, "POST", `${ml}/models/${model}/_predict`, { parameters: { texts: [text] } })
    await predict(id, "good")
    await predict(id, "good")
    await predict(id, "bad")
    await predict("unknown-model", "good")
    const text = await metricsOf(drawbar)
    const has = (pattern: RegExp) => assert.match(text, pattern)
    has(new RegExp(`drawbar_predict_requests_total\\{[^}]*model="${id}"[^}]*\\} 2`))
    has(new RegExp(`drawbar_predict_requests_total\\{[^}]*status="429"[^}]*\\} 1`))
    has(new RegExp(`drawbar_predict_duration_seconds_bucket\\{[^}]*model="${id}"`))
    has(/drawbar_http_requests_total\{[^}]*route="\/_plugins\/_ml\/models\/:model_id\/_predict"[^}]*\} 2/)
    has(/process_resident_memory_bytes \d{7}/)
    assert.notInclude(text, "unknown-model")
    assert.notInclude(text, Drawbar.secret)
  })
})

describe("the log", () => {
  it("has a line for each request, with ids and times, without prompts and responses", async () => {
    const lines: Array<string> = []
    const server = await InProcess.listen({ accessLog: (line) => lines.push(line) })
    const { url } = server
    const response = await fetch(`${url}${ml}/models/_search?source=%7B%22planted%22%3A1%7D&source_content_type=a`, {
      headers: { "x-request-id": "req-7", authorization: `Basic ${btoa("alice:planted-password")}` },
    })
    await response.text()
    await fetch(`${url}${ml}/models/x/_predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{"q":"planted question"}}',
    }).then((answer) => answer.text())
    await server[Symbol.asyncDispose]()
    assert.strictEqual(lines.length, 2)
    assert.deepInclude(JSON.parse(lines[0] ?? ""), {
      id: "req-7",
      method: "GET",
      path: `${ml}/models/_search`,
      status: response.status,
      user: "alice",
    })
    assert.deepInclude(JSON.parse(lines[1] ?? ""), { path: `${ml}/models/x/_predict`, model: "x", status: 404 })
    assert.notInclude(lines.join(), "planted")
  })
})
