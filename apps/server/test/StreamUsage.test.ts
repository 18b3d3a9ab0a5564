/**
 * Token usage of streams: requested if an upstream reports it only on request, counted towards quotas, and estimated if
 * it is not reported.
 */
import { setTimeout } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"
const sse = "text/event-stream"
const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
const chunk = (content: string) => event({ choices: [{ index: 0, delta: { content } }] })
const stop = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
const done = event("[DONE]")

const connector = (url: string, change: object = {}, body = '{"model":"m"}') => ({
  name: "Chat",
  version: 1,
  protocol: "http",
  parameters: {},
  actions: [{ action_type: "predict", method: "POST", url, request_body: body }],
  ...change,
})

describe("the usage of a stream", () => {
  const asked = { model: "m", stream: true, stream_options: { include_usage: true } }
  const plain = { model: "m", stream: true }
  const azure = "https://me.openai.azure.com/openai/deployments/d/chat/completions?api-version="
  type Row = readonly [what: string, url: string, body: object, change?: object, requestBody?: string]
  const rows: ReadonlyArray<Row> = [
    ["OpenAI's chat", "https://api.openai.com/v1/chat/completions", asked],
    ["OpenAI's completions", "https://api.openai.com/v1/completions", asked],
    ["OpenAI in Europe", "https://eu.api.openai.com/v1/chat/completions", asked],
    ["Azure", `${azure}2024-10-21`, asked],
    ["Azure, version 1", "https://me.openai.azure.com/openai/v1/chat/completions", asked],
    ["Azure, before it supported it", `${azure}2024-06-01`, plain],
    ["DeepSeek", "https://api.deepseek.com/chat/completions", asked],
    ["an unknown host", "https://models.example.com/v1/chat/completions", plain],
    ["a host with a similar name", "https://api.openai.com.example.com/v1/chat/completions", plain],
    ["a host with the other in its path", "https://models.example.com/https://api.openai.com/v1/completions", plain],
    [
      "an unknown host by its interface",
      "https://models.example.com/x",
      plain,
      { parameters: { _llm_interface: "openai/v1/chat/completions" } },
    ],
    ["OpenAI's responses, which report it by default", "https://api.openai.com/v1/responses", plain],
    [
      "a connector that disables it",
      "https://api.openai.com/v1/chat/completions",
      plain,
      { parameters: { stream_usage: "false" } },
    ],
    [
      "an author's own options",
      "https://api.openai.com/v1/chat/completions",
      { stream: true, stream_options: { x: 1 } },
      {},
      '{"stream_options":{"x":1}}',
    ],
    [
      "an author's own null",
      "https://api.openai.com/v1/chat/completions",
      { stream: true, stream_options: null },
      {},
      '{"stream_options":null}',
    ],
  ]
  it.each(rows.map((row) => [row[0], row] as const))(
    "of %s is requested according to its row, as _render shows",
    async (_, row) => {
      const [, url, body, change, requestBody] = row
      await using drawbar = await Drawbar.start()
      const blueprint = connector(url, change, requestBody)
      const rendered = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_render?stream=true`, { blueprint })
      assert.strictEqual(rendered.status, 200, rendered.text)
      assert.deepStrictEqual(JSON.parse(rendered.json.body), body)
      const whole = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_render`, { blueprint })
      assert.strictEqual(whole.json.body, requestBody ?? '{"model":"m"}')
    },
  )

  it("is shown for a model, and can be disabled by the caller", async () => {
    await using drawbar = await Drawbar.start()
    await Drawbar.ask(drawbar, "PUT", "/_cluster/settings", {
      persistent: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://.*$"] },
    })
    const made = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector: connector("https://api.openai.com/v1/chat/completions"),
    })
    const bodyOf = async (parameters: object) => {
      const path = `${ml}/models/${made.json.model_id}/_render?stream=true`
      return JSON.parse((await Drawbar.ask(drawbar, "POST", path, { parameters })).json.body)
    }
    assert.deepStrictEqual(await bodyOf({}), asked)
    assert.deepStrictEqual(await bodyOf({ stream_usage: false }), plain)
  })
})

const lastOf = ({ text }: AuthenticatedServer.Answered) =>
  JSON.parse(text.trimEnd().split("\n\n").at(-1)!.slice("data: ".length)).inference_results?.[0].output[0].dataAsMap

async function* endless() {
  for (;;) {
    yield chunk("x".repeat(400))
    await setTimeout(5)
  }
}

describe("a stream counts", () => {
  const openAi = "https://api.cohere.ai/v1/chat/completions"
  const reported = event({ choices: [], usage: { prompt_tokens: 30, completion_tokens: 10 } })

  const start = async (handler: Answer.Handler, tokens_per_day: number) => {
    const lines: Array<string> = []
    const server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] }, metered: { roles: ["developer"], quota: { tokens_per_day } } },
      { handler, accessLog: (line) => void lines.push(line) },
    )
    const made = await server.as("admin", "POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector: connector(openAi),
    })
    const path = `${ml}/models/${made.json.model_id}/_predict/stream`
    return {
      server,
      id: made.json.model_id,
      path,
      lines,
      ask: () => server.as("metered", "POST", path, { parameters: {} }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  }
  it("the usage reported by its upstream, towards the daily tokens", async () => {
    await using metered = await start(() => Answer.stream(sse, [chunk("x"), stop, reported, done]), 80)
    const statuses = [await metered.ask(), await metered.ask(), await metered.ask()].map(({ status }) => status)
    assert.deepStrictEqual(statuses, [200, 200, 429])
    const { text } = await metered.server.as("admin", "GET", "/metrics")
    assert.include(text, `drawbar_predict_tokens_total{model="${metered.id}",type="input"} 60`)
    assert.include(text, `drawbar_predict_tokens_total{model="${metered.id}",type="output"} 20`)
    assert.notInclude(text, 'estimated="true"')
  })

  it("an estimate if no usage is reported, marked in its usage, the metrics and the log", async () => {
    const words = "é".repeat(100)
    await using metered = await start(() => Answer.stream(sse, [chunk(words), stop, done]), 100)
    const first = await metered.ask()
    const input = Math.ceil('{"model":"m","stream":true}'.length / 4)
    assert.deepStrictEqual(lastOf(first).usage, {
      input_tokens: input,
      output_tokens: 50,
      total_tokens: input + 50,
      estimated: true,
    })
    assert.deepStrictEqual([(await metered.ask()).status, (await metered.ask()).status], [200, 429])
    const { text } = await metered.server.as("admin", "GET", "/metrics")
    assert.match(
      text,
      new RegExp(`drawbar_predict_tokens_total\\{(?=[^}]*estimated="true")(?=[^}]*type="output")[^}]*\\} 100`),
    )
    const line = JSON.parse(metered.lines.find((one) => one.includes("_predict/stream"))!)
    assert.deepStrictEqual([line.tokens, line.tokens_estimated], [[input, 50], true])
  })

  it.each<readonly [how: string, answer: () => Answer.Answer]>([
    ["fails", () => Answer.stream(sse, [chunk("x".repeat(400)), event({ error: { message: "m" } })])],
    ["breaks", () => Answer.stream(sse, [chunk("x".repeat(400))], { ending: "reset" })],
  ])("what arrived if it %s", async (_, answer) => {
    await using metered = await start(answer, 100)
    const statuses = [await metered.ask(), await metered.ask()].map(({ status }) => status)
    assert.deepStrictEqual(statuses, [200, 429])
  })

  it("what arrived if its caller disconnects", async () => {
    await using metered = await start(() => Answer.stream(sse, endless()), 100)
    const going = new AbortController()
    const response = await fetch(metered.server.url + metered.path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: metered.server.keys.metered },
      body: '{"parameters":{}}',
      signal: going.signal,
    })
    await response.body!.getReader().read()
    going.abort()
    for (;;) {
      const quick = new AbortController()
      const next = await fetch(metered.server.url + metered.path, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: metered.server.keys.metered },
        body: '{"parameters":{}}',
        signal: quick.signal,
      })
      quick.abort()
      if (next.status === 429) break
      await setTimeout(10)
    }
    const { text } = await metered.server.as("admin", "GET", "/metrics")
    assert.include(text, 'estimated="true"')
  })
})

describe("an error before the first chunk", () => {
  const openAi = "https://api.cohere.ai/v1/chat/completions"
  const throttled = (retryDelay?: string) =>
    Answer.stream(sse, [
      ": keep-alive\n\n",
      event({
        error: { code: 429, message: "slow down", ...(retryDelay === undefined ? {} : { details: [{ retryDelay }] }) },
      }),
    ])
  const overloaded = Answer.json({ error: { type: "overloaded_error", message: "busy" } })
  const well = Answer.stream(sse, [chunk("well"), stop, done])

  const ask = async (handler: Answer.Handler, max_retry_times: number, path = "/_predict/stream") => {
    await using drawbar = await Drawbar.start(handler)
    const { json } = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector: connector(openAi, { client_config: { max_retry_times, retry_backoff_millis: 10 } }),
    })
    const response = await fetch(`${drawbar.url}${ml}/models/${json.model_id}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{}}',
    })
    const text = await response.text()
    return {
      status: response.status,
      wait: response.headers.get("retry-after"),
      text,
      sent: drawbar.platform.requests.length,
    }
  }

  it("is retried like any response of its status, and not visible", async () => {
    const { status, text, sent } = await ask(Answer.inTurn(throttled(), overloaded, well), 3)
    assert.strictEqual(status, 200, text)
    assert.include(text, "well")
    assert.strictEqual(sent, 3)
  })

  it("waits as long as the upstream asks", async () => {
    const begun = performance.now()
    const { status, sent } = await ask(Answer.inTurn(throttled("0.4s"), well), 1)
    assert.deepStrictEqual([status, sent], [200, 2])
    assert.isAtLeast(performance.now() - begun, 400)
  })

  it.each([
    ["throttling", throttled("34s"), 429, "34"],
    ["throttling without a wait", throttled(), 429, "1"],
    ["overload", overloaded, 503, null],
  ] as const)("of %s has its status and wait", async (_, answer, status, wait) => {
    const answered = await ask(() => answer, 0)
    assert.deepStrictEqual([answered.status, answered.wait], [status, wait])
    assert.strictEqual(JSON.parse(answered.text).error.remote.status, status)
  })

  it("of a plain predict is retried, too", async () => {
    const handler = Answer.inTurn(
      Answer.json({ error: { code: 429, message: "m" } }),
      overloaded,
      Answer.json({ ok: 1 }),
    )
    const { status, text, sent } = await ask(handler, 3, "/_predict")
    assert.deepStrictEqual([status, sent], [200, 3], text)
  })

  it("of an unknown kind is 502, and not retried", async () => {
    for (const path of ["/_predict", "/_predict/stream"]) {
      const { status, sent } = await ask(() => Answer.json({ error: "no model" }), 3, path)
      assert.deepStrictEqual([status, sent], [502, 1])
    }
  })
})
