/** What callers and providers do to spend more than a budget counts, or to keep others' spending from being counted. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ml } from "./Targets.ts"

const prices = { version: "of the test", models: { "model-of-test": { input: 1, output: 10 } } }
const usage = { prompt_tokens: 10, completion_tokens: 100 }
const costUsd = 0.001_01
const q = { q: "hi" }

const start = async (
  handler: Answer.Handler,
  { url = "/v1/chat/completions", ...model }: Record<string, unknown> = {},
) => {
  const server = await AuthenticatedServer.start(
    { admin: { roles: ["admin"] }, key: { roles: ["application"], max_budget: 1 } },
    { handler, prices },
  )
  const made = await server.as("admin", "POST", `${ml}/models/_register`, {
    name: "m",
    model_id: "m",
    function_name: "remote",
    ...model,
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: `https://api.cohere.ai${String(url)}`,
          request_body:
            '{"model":"model-of-test","max_tokens":100,"messages":[{"role":"user","content":"${parameters.q}"}]}',
        },
      ],
    },
  })
  assert.strictEqual(made.status, 200, made.text)
  return {
    predict: (parameters: object = q) => server.as("key", "POST", `${ml}/models/m/_predict`, { parameters }),
    usage: async () => {
      const report = await server.as("admin", "GET", "/_plugins/_drawbar/usage")
      assert.strictEqual(report.status, 200, report.text)
      return report.json
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const said = (more: object = {}, text = "hello") =>
  Answer.json({ choices: [{ message: { content: text }, finish_reason: "stop" }], usage, ...more })

describe("a caller cannot lower what a call counts", () => {
  it("by a tool whose arguments are named as counts", async () => {
    const content = [{ type: "tool_use", id: "t", name: "f", input: { input_tokens: 0, output_tokens: 0 } }]
    const answer = Answer.json({ content, usage: { input_tokens: 10, output_tokens: 100 } })
    await using all = await start(() => answer, { url: "/v1/messages" })
    assert.strictEqual((await all.predict()).status, 200)
    assert.strictEqual((await all.usage()).total.cost_usd, costUsd)
  })

  it("by a filter that finds nothing in the answer", async () => {
    await using all = await start(() => said())
    assert.strictEqual((await all.predict({ ...q, response_filter: "$.nothing" })).status, 502)
    assert.strictEqual((await all.usage()).total.cost_usd, costUsd)
  })

  it("by a filter that leaves little of an answer that names no usage", async () => {
    await using all = await start(() => Answer.json({ id: "x", text: "y".repeat(4_000) }))
    const filtered = await all.predict({ ...q, response_filter: "$.id" })
    assert.strictEqual(filtered.status, 200, filtered.text)
    assert.notInclude(filtered.text, "yyy")
    assert.isAtLeast((await all.usage()).total.output_tokens, 1_000)
  })

  it("by an answer that a guardrail refuses", async () => {
    const guardrails = { type: "local_regex", output_guardrail: { regex: [".*forbidden.*"] } }
    await using all = await start(() => said({}, "forbidden"), { guardrails })
    assert.strictEqual((await all.predict()).status, 400)
    assert.strictEqual((await all.usage()).total.cost_usd, costUsd)
  })
})

it("a provider that reports more than any has keeps no other call from being recorded", async () => {
  const counts = [{ prompt_tokens: 999_999_999_999_999, completion_tokens: 999_999_999_999_999 }, usage]
  await using all = await start(() => said({ usage: counts.shift() }))
  assert.strictEqual((await all.predict()).status, 200)
  assert.strictEqual((await all.predict()).status, 200)
  const { total } = await all.usage()
  assert.deepInclude(total, { calls: 2, estimated_calls: 1 })
  assert.isBelow(total.cost_usd, 0.01)
})
