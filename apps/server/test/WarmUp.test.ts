import process from "node:process"
import { setTimeout } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import * as Spawned from "./Spawned.ts"

const start = () => Spawned.start(["--data", ":memory:"], { env: { DRAWBAR_WARM_UP: "on" } })
const statusOf = async (url: string, path: string) => (await fetch(`${url}${path}`)).status

const untilReady = async (url: string) => {
  while ((await statusOf(url, "/_health/ready")) === 503) await setTimeout(20)
  return statusOf(url, "/_health/ready")
}

describe("a server that warms up", () => {
  it("answers at once, and is ready after it", async () => {
    await using server = await start()
    const ready = await fetch(`${server.url}/_health/ready`)
    assert.strictEqual(ready.status, 503)
    assert.include(await ready.text(), "This server has just started and warms up.")
    assert.strictEqual(await statusOf(server.url, "/"), 200)
    assert.strictEqual(await untilReady(server.url), 200)
  })

  it("is ready as soon as a model is called", async () => {
    await using server = await start()
    assert.strictEqual(await statusOf(server.url, "/_health/ready"), 503)
    const headers = { "content-type": "application/json" }
    const predict = `${server.url}/_plugins/_ml/models/unknown/_predict`
    assert.strictEqual((await fetch(predict, { method: "POST", headers, body: "{}" })).status, 404)
    assert.strictEqual(await statusOf(server.url, "/_health/ready"), 200)
  })

  it("leaves no record, no series and no line of its own calls", async () => {
    await using server = await start()
    assert.strictEqual(await untilReady(server.url), 200)
    const search = await fetch(`${server.url}/_plugins/_ml/connectors/_search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":{"match_all":{}}}',
    })
    assert.include(await search.text(), '"hits":[]')
    assert.notInclude(await (await fetch(`${server.url}/metrics`)).text(), "_predict")
    assert.notInclude(server.said(), "_predict")
    assert.notInclude(server.said(), "could not warm up")
  })

  it.runIf(process.platform !== "win32").each(["SIGTERM", "SIGINT"] as const)("stops at once by %s", async (signal) => {
    await using server = await start()
    server.child.kill(signal)
    assert.strictEqual(await server.ended, 0)
    assert.notInclude(server.said(), "could not warm up")
  })

  it("is ready at once with --warm-up off", async () => {
    await using server = await Spawned.start(["--data", ":memory:", "--warm-up", "off"])
    assert.strictEqual(await statusOf(server.url, "/_health/ready"), 200)
  })
})
