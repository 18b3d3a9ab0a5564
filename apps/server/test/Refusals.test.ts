import { setTimeout } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import { describe, expect, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

/** A connector, and a deployed model that uses it. */
const make = async (drawbar: Drawbar.Drawbar, change: object = {}) => {
  const { json: connector } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/connectors/_create", {
    ...Drawbar.blueprint,
    client_config: { connection_timeout: 1, read_timeout: 1, max_retry_times: 0 },
    ...change,
  })
  const { json: model } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register?deploy=true", {
    name: "a model",
    function_name: "remote",
    connector_id: connector.connector_id,
  })
  return { connector: connector.connector_id as string, model: model.model_id as string }
}

const predict = (drawbar: Drawbar.Drawbar, model: string, parameters: object = { texts: ["a"] }) =>
  Drawbar.ask(drawbar, "POST", `/_plugins/_ml/models/${model}/_predict`, { parameters })

const whole = Answer.json({ embeddings: [[0.1, 0.25]] })

describe("an upstream that", () => {
  it.each([
    {
      does: "refuses",
      answer: Answer.json({ message: "invalid api token" }, 401),
      status: 401,
      says: "invalid api token",
    },
    { does: "limits its rate", answer: Answer.json({ message: "slow down" }, 429), status: 429, says: "slow down" },
    { does: "is out of order", answer: Answer.html(503), status: 503, says: "Bad Gateway" },
    { does: "returns a page instead of JSON", answer: Answer.html(200), status: 502, says: "" },
    { does: "returns an empty response", answer: Answer.text("", 200), status: 502, says: "" },
    {
      does: "redirects",
      answer: Answer.redirect("http://169.254.169.254/latest/meta-data"),
      status: 502,
      says: "",
    },
    { does: "hangs", answer: Answer.hang, status: 504, says: "" },
    { does: "closes the connection", answer: Answer.reset, status: 502, says: "" },
    { does: "truncates its response", answer: Answer.half(whole), status: 502, says: "" },
    { does: "stalls within its response", answer: Answer.half(whole, "hang"), status: 504, says: "" },
  ])(
    "$does is reported in the envelope, and the next predict works",
    async ({ answer, status, says: expectedText }) => {
      await using drawbar = await Drawbar.start(Answer.inTurn(answer, whole))
      const { model } = await make(drawbar)
      const refused = await predict(drawbar, model)
      expect({ status: refused.status, body: refused.json }).toMatchObject({ status, body: { status } })
      expect(refused.json.error.reason).toBeTypeOf("string")
      expect(refused.json.error.reason.length).toBeGreaterThan(10)
      expect(refused.text).toContain(expectedText)
      expect(refused.text).not.toContain(Drawbar.secret)
      expect((await predict(drawbar, model)).status).toBe(200)
    },
    20_000,
  )
})

describe("a caller", () => {
  it("receives the name of a missing parameter, and nothing is sent", async () => {
    await using drawbar = await Drawbar.start()
    const { model } = await make(drawbar)
    const refused = await predict(drawbar, model, { other: "a" })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain("texts")
    expect(drawbar.platform.requests).toEqual([])
  })

  it("receives the models that still use a connector", async () => {
    await using drawbar = await Drawbar.start()
    const { connector, model } = await make(drawbar)
    const refused = await Drawbar.ask(drawbar, "DELETE", `/_plugins/_ml/connectors/${connector}`)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain(model)
    expect((await predict(drawbar, model)).status).toBe(200)
  })

  it("cannot create a connector for an untrusted host", async () => {
    await using drawbar = await Drawbar.start()
    const [action] = Drawbar.blueprint.actions
    const refused = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/connectors/_create", {
      ...Drawbar.blueprint,
      actions: [{ ...action, url: "https://evil.example/v1/embed" }],
    })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain("evil.example")
  })

  it("cannot send a stored key to another host with a parameter", async () => {
    await using drawbar = await Drawbar.start()
    const [action] = Drawbar.blueprint.actions
    const { model } = await make(drawbar, {
      parameters: { ...Drawbar.blueprint.parameters, endpoint: "api.cohere.ai" },
      actions: [{ ...action, url: "https://${parameters.endpoint}/v1/embed" }],
    })
    const refused = await predict(drawbar, model, { texts: ["a"], endpoint: "api.openai.com" })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain("endpoint")
    expect(drawbar.platform.requests).toEqual([])
  })

  it("uses a changed connector from the next predict on", async () => {
    await using drawbar = await Drawbar.start()
    const { connector, model } = await make(drawbar)
    await predict(drawbar, model)
    const changed = await Drawbar.ask(drawbar, "PUT", `/_plugins/_ml/connectors/${connector}`, {
      parameters: { ...Drawbar.blueprint.parameters, model: "another-model" },
    })
    expect(changed.status).toBe(200)
    await predict(drawbar, model)
    const models = drawbar.platform.requests.map(({ text }) => JSON.parse(text).model)
    expect(models).toEqual(["embed-english-v3.0", "another-model"])
  })

  it("is rejected by a disabled model until it is enabled again", async () => {
    await using drawbar = await Drawbar.start()
    const { model } = await make(drawbar)
    const enable = (is_enabled: boolean) => Drawbar.ask(drawbar, "PUT", `/_plugins/_ml/models/${model}`, { is_enabled })
    await enable(false)
    const refused = await predict(drawbar, model)
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(drawbar.platform.requests).toEqual([])
    await enable(true)
    expect((await predict(drawbar, model)).status).toBe(200)
  })

  it("can call a registered model that is not deployed", async () => {
    await using drawbar = await Drawbar.start()
    const { connector } = await make(drawbar)
    const { json } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", {
      name: "not deployed",
      function_name: "remote",
      connector_id: connector,
    })
    expect((await predict(drawbar, json.model_id)).status).toBe(200)
  })

  it("that disconnects leaves no pending request", async () => {
    await using drawbar = await Drawbar.start(Answer.inTurn(Answer.hang, whole))
    const { model } = await make(drawbar)
    const gone = fetch(`${drawbar.url}/_plugins/_ml/models/${model}/_predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{"texts":["a"]}}',
      signal: AbortSignal.timeout(200),
    })
    await expect(gone).rejects.toThrow()
    await setTimeout(50)
    expect((await predict(drawbar, model)).status).toBe(200)
  })
})

describe("a parameter that cannot be inserted", () => {
  it.each([
    [{ other: 1 }, { stage: "parameters", parameters: ["texts"] }],
    [{ texts: "not JSON" }, { stage: "body", parameters: ["texts"] }],
  ])("%j is named, with its stage", async (parameters, rendering) => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", {
      name: "m",
      function_name: "remote",
      connector: Drawbar.blueprint,
    })
    const predict = `/_plugins/_ml/models/${json.model_id}/_predict`
    const answer = await Drawbar.ask(drawbar, "POST", predict, { parameters })
    expect(answer.status).toBe(400)
    expect(answer.json.error.rendering).toEqual(rendering)
  })

  it("and an upstream that echoes the secret is masked", async () => {
    await using drawbar = await Drawbar.start(({ headers }) =>
      Answer.json({ headers: Object.fromEntries(headers) }, 401),
    )
    const { json } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", {
      name: "m",
      function_name: "remote",
      connector: Drawbar.blueprint,
    })
    const predict = `/_plugins/_ml/models/${json.model_id}/_predict`
    const answer = await Drawbar.ask(drawbar, "POST", predict, { parameters: { texts: ["x"] } })
    expect(answer.status).toBe(401)
    expect(answer.text).toContain("Bearer ***")
    expect(answer.text).not.toContain(Drawbar.secret)
  })
})

describe("a caller with a short timeout", () => {
  it.each(["_predict", "_predict/stream"])(
    "receives an error at %s when it expires, and the upstream connection is closed",
    async (way) => {
      await using drawbar = await Drawbar.start(() => Answer.hang)
      const { json } = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", {
        name: "m",
        function_name: "remote",
        connector: { ...Drawbar.blueprint, parameters: { model: "m", truncate: "END", stream_delta_path: "$.x" } },
      })
      const path = `/_plugins/_ml/models/${json.model_id}/${way}`
      const parameters = { texts: ["x"] }
      const answer = await Drawbar.ask(drawbar, "POST", `${path}?timeout=200ms`, { parameters })
      expect(answer.status).toBe(504)
      expect(answer.json.error.reason).toContain("within its timeout of 200ms")
      const odd = await Drawbar.ask(drawbar, "POST", `${path}?timeout=soon`, { parameters })
      expect(odd.status).toBe(400)
      expect(odd.json.error.reason).toContain("such as 30s")
    },
  )

  it("receives an error immediately if the upstream asks for a longer wait", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({}, 429, { "retry-after": "20" }))
    const { model } = await make(drawbar, { client_config: { max_retry_times: 3 } })
    const answer = await fetch(`${drawbar.url}/_plugins/_ml/models/${model}/_predict?timeout=15s`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{"texts":["a"]}}',
    })
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "20"])
    expect(drawbar.platform.requests.length).toBe(1)
  })

  it("limits the wait for a connection, and all calls of a predict together", async () => {
    await using drawbar = await Drawbar.start(({ text }) =>
      text.includes("slow") ? Answer.hang : Answer.slow(whole, 150),
    )
    const { model } = await make(drawbar, { client_config: { max_connection: 1, read_timeout: 60 } })
    const ask = (texts: ReadonlyArray<string>, timeout: string) =>
      Drawbar.ask(drawbar, "POST", `/_plugins/_ml/_predict/text_embedding/${model}?timeout=${timeout}`, {
        text_docs: texts,
      })
    const busy = ask(["slow"], "600ms")
    await setTimeout(100)
    const waiting = await ask(["a"], "200ms")
    expect(waiting.json.error.reason).toContain("within its timeout of 200ms")
    await busy
    expect((await ask(["b"], "2s")).status).toBe(200)
  })
})
