/** Budgets of API keys in money and tokens: reserved before the call, settled after it, and still there after a crash. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import { ml } from "./Targets.ts"

/** 1 USD a million tokens of input, 10 of output. */
const prices = { version: "of the test", models: { "model-of-test": { input: 1, output: 10 } } }

/** Ten tokens of input and a hundred of output: 1,010 millionths of a USD. */
const usage = { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 }
const costUsd = 0.001_01

const whole: Answer.Handler = () =>
  Answer.json({ choices: [{ message: { content: "hello" }, finish_reason: "stop" }], usage })

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const streamed = [
  event({ choices: [{ delta: { content: "hello" } }] }),
  event({ choices: [], usage }),
  "data: [DONE]\n\n",
].join("")

const body = (model: string) =>
  `{"model":"${model}","max_tokens":100,"messages":[{"role":"user","content":"\${parameters.q}"}]}`

const register = async (
  as: (method: string, path: string, body?: unknown) => ReturnType<typeof ask>,
  { url = "https://api.cohere.ai/v1/chat/completions", id = "m", request_body = body("model-of-test") } = {},
) => {
  const made = await as("POST", `${ml}/models/_register`, {
    name: id,
    model_id: id,
    function_name: "remote",
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      parameters: { _llm_interface: "openai/v1/chat/completions", model: "model-of-test" },
      actions: [{ action_type: "predict", method: "POST", url, request_body }],
    },
  })
  assert.strictEqual(made.status, 200, made.text)
}

const start = async (budget: object, handler: Answer.Handler = whole) => {
  const server = await AuthenticatedServer.start(
    { admin: { roles: ["admin"] }, plain: { roles: ["application"] }, key: { roles: ["application"], ...budget } },
    { handler, prices },
  )
  const admin = (method: string, path: string, sent?: unknown) => server.as("admin", method, path, sent)
  await register(admin)
  return {
    server,
    admin,
    predict: (who: "key" | "plain" = "key", id = "m", parameters: object = { q: "hi" }) =>
      server.as(who, "POST", `${ml}/models/${id}/_predict`, { parameters }),
    usage: async (query = "") => (await admin("GET", `/_plugins/_drawbar/usage${query}`)).json,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe("a budget in money", () => {
  it("is spent by what calls cost, and then refuses for good", async () => {
    await using all = await start({ max_budget: 2.5 * costUsd })
    for (let n = 0; n < 3; n++) assert.strictEqual((await all.predict()).status, 200)
    const refused = await all.predict()
    assert.strictEqual(refused.status, 429, refused.text)
    assert.strictEqual(refused.json.error.type, "insufficient_quota")
    assert.strictEqual(refused.headers.get("x-should-retry"), "false")
    assert.isNull(refused.headers.get("retry-after"))
    assert.include(refused.json.error.reason, "in total")
    const { rows, total, budgets } = await all.usage()
    assert.deepInclude(total, { calls: 3, input_tokens: 30, output_tokens: 300, cost_usd: 3 * costUsd })
    assert.strictEqual(rows.length, 1)
    assert.include(rows[0], { user: "key", model: "m", day: new Date().toISOString().slice(0, 10) })
    assert.include(budgets[0], { name: "key", window: "total", spent_usd: 3 * costUsd, spent_tokens: 330 })
    const { text } = await all.admin("GET", "/metrics")
    assert.match(text, new RegExp(`^drawbar_spend_usd_total\\{.*key="${budgets[0].key}".*\\} 0.00303$`, "m"))
  })

  it("of a month says when it comes back", async () => {
    await using all = await start({ max_budget: 0.000_001, budget_window: "month" })
    assert.strictEqual((await all.predict()).status, 200)
    const refused = await all.predict()
    assert.strictEqual(refused.status, 429)
    assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
    assert.include(refused.json.error.reason, "a month (UTC)")
  })

  it("refuses a model whose price is not known, and a caller's own name of a model", async () => {
    await using all = await start({ max_budget: 1 })
    await register(all.admin, { id: "unknown", request_body: body("model-without-price") })
    await register(all.admin, { id: "chosen", request_body: body("${parameters.model}") })
    for (const [id, parameters] of [
      ["unknown", { q: "hi" }],
      ["chosen", { q: "hi", model: "model-without-price" }],
    ] as const) {
      const refused = await all.predict("key", id, parameters)
      assert.strictEqual(refused.status, 400, refused.text)
      assert.include(refused.json.error.reason, `the price of the model ${id} is not known`)
      assert.strictEqual((await all.predict("plain", id, parameters)).status, 200)
    }
    assert.strictEqual((await all.predict("key", "chosen")).status, 200)
    const { rows } = await all.usage("?by=model,user")
    assert.deepInclude(rows, {
      model: "unknown",
      user: "plain",
      calls: 1,
      input_tokens: 10,
      output_tokens: 100,
      cost_usd: 0,
      estimated_calls: 0,
      unpriced_calls: 1,
    })
  })

  it("counts a call whose provider says nothing by an estimate, and says so", async () => {
    await using all = await start({ max_budget: 1 }, () => Answer.json({ answer: "x".repeat(400) }))
    assert.strictEqual((await all.predict()).status, 200)
    const { total } = await all.usage()
    assert.strictEqual(total.estimated_calls, 1)
    assert.isAbove(total.cost_usd, 0.001)
  })
})

describe("a budget in tokens", () => {
  it("refuses when it is spent", async () => {
    await using all = await start({ max_budget_tokens: 150, budget_window: "day" })
    assert.strictEqual((await all.predict()).status, 200)
    assert.strictEqual((await all.predict()).status, 200)
    assert.strictEqual((await all.predict()).json.error.type, "insufficient_quota")
  })

  it.each([
    [{ budget_window: "day" }, "budget_window needs"],
    [{ max_budget: 0 }, "max_budget"],
    [{ max_budget: 1, budget_window: "year" }, "budget_window"],
  ])("is refused as %j", async (fields, message) => {
    await using server = await InProcess.listen()
    const made = await ask(server.url, undefined, "POST", `${ml}/api_keys`, { name: "k", roles: ["admin"], ...fields })
    assert.strictEqual(made.status, 400, made.text)
    assert.include(made.text, message)
  })
})

describe("64 at once against the last cent of a key", () => {
  it.each(["_predict", "_predict/stream"])("%s: no more is spent than the budget and one call", async (way) => {
    const upstream = createServer((request, response) => {
      request.resume().on("end", () => {
        setTimeout(() => {
          const isStream = way.endsWith("stream")
          response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" })
          response.end(isStream ? streamed : JSON.stringify({ choices: [{ message: { content: "hello" } }], usage }))
        }, 50)
      })
    })
    await new Promise<void>((resume) => upstream.listen(0, "127.0.0.1", resume))
    const { port } = upstream.address() as AddressInfo
    const max_budget = 0.01
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] }, key: { roles: ["application"], max_budget } },
      { prices, settings: Loopback.settings },
    )
    await register((method, path, sent) => server.as("admin", method, path, sent), {
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
    })
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => server.as("key", "POST", `${ml}/models/m/${way}`, { parameters: { q: "hi" } })),
    )
    const statuses = answers.map(({ status }) => status)
    const answered = statuses.filter((status) => status === 200).length
    assert.strictEqual(answered + statuses.filter((status) => status === 429).length, 64)
    // Each reserves the prompt of one token and its max_tokens: 1,001 millionths of a USD.
    assert.strictEqual(answered, 10)
    const { json } = await server.as("admin", "GET", "/_plugins/_drawbar/usage")
    assert.strictEqual(json.total.calls, answered)
    assert.isAtMost(json.total.cost_usd, max_budget + costUsd)
    assert.strictEqual(json.total.cost_usd, json.budgets[0].spent_usd)
    upstream.closeAllConnections()
    upstream.close()
  })
})
