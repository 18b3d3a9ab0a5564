/** The statuses and texts that clients of ML Commons rely on. */
import { assert, describe, it } from "@effect/vitest"
import { request } from "node:http"
import * as Drawbar from "./Drawbar.ts"
import { connector, ml, register } from "./ml-commons/Case.ts"
import * as OperationCases from "./ml-commons/OperationCases.ts"
import * as RecordCases from "./ml-commons/RecordCases.ts"

describe("responses to a client of ML Commons", () => {
  for (const { name, after = [], ask, platform, status, type, reason, json } of [
    ...RecordCases.cases,
    ...OperationCases.cases,
  ])
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
      // What to do may follow the text that clients know.
      if (reason !== undefined) assert.strictEqual(answered.json.error.reason.slice(0, reason.length), reason)
      if (json !== undefined) assert.deepStrictEqual(answered.json, json)
    })

  it("a setting that allows more than it appears to, with a warning", async () => {
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

  it("a predict whose numbers keep their digits in both directions", async () => {
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
