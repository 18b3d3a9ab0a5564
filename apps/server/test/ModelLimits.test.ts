/** What a model may reject before and after its upstream call; with OpenSearch's client. */
import { Client, errors } from "@opensearch-project/opensearch"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as ModelInterface from "@drawbar/registry/models/ModelInterface"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const chat = {
  ...Drawbar.blueprint,
  name: "Chat",
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/chat",
      headers: { Authorization: "Bearer ${credential.cohere_key}" },
      request_body: '{ "q": "${parameters.q:-}", "n": ${parameters.n:-0}, "m": ${parameters.messages:-[]} }',
    },
  ],
}

const register = async ({ ml }: Drawbar.Drawbar, settings: object): Promise<string> => {
  const { body } = await ml.createConnector({ body: chat })
  const { body: registered } = await ml.registerModel({
    body: { name: "m", function_name: "remote", connector_id: body.connector_id, ...settings },
  })
  return registered.model_id
}

const predict = async (
  { ml }: Pick<Drawbar.Drawbar, "ml">,
  model_id: string,
  parameters: object = { q: "x" },
): Promise<{ readonly status: number; readonly reason: string; readonly retryAfter?: string }> => {
  try {
    await ml.predictModel({ model_id, body: { parameters } })
    return { status: 200, reason: "" }
  } catch (cause) {
    if (!(cause instanceof errors.ResponseError)) throw cause
    const retryAfter = cause.headers?.["retry-after"]
    const reason = cause.body.error.reason
    return { status: cause.statusCode ?? 0, reason, ...(retryAfter === undefined ? {} : { retryAfter }) }
  }
}

const statuses = async (calls: ReadonlyArray<Promise<{ readonly status: number }>>) =>
  (await Promise.all(calls)).map(({ status }) => status).toSorted()

describe("a rate limiter", () => {
  it("allows its number of calls by any caller, and reports when to retry", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({ ok: true }))
    const id = await register(drawbar, { rate_limiter: { limit: 4, unit: "HOURS" } })
    const calls = Array.from({ length: 12 }, () => predict(drawbar, id))
    assert.deepStrictEqual(await statuses(calls), [...Array(4).fill(200), ...Array(8).fill(429)])
    assert.strictEqual(drawbar.platform.requests.length, 4)
    const refused = await predict(drawbar, id)
    assert.strictEqual(refused.reason, "Request is throttled at model level.")
    assert.isAtLeast(Number(refused.retryAfter), 1)
    assert.isAtMost(Number(refused.retryAfter), 900)
  })

  it("survives an update of the model, and ends when it is removed", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({ ok: true }))
    const id = await register(drawbar, { rate_limiter: { limit: "1", unit: "DAYS" } })
    assert.strictEqual((await predict(drawbar, id)).status, 200)
    await drawbar.ml.updateModel({ model_id: id, body: { description: "other words" } })
    assert.strictEqual((await predict(drawbar, id)).status, 429)
    await drawbar.ml.updateModel({ model_id: id, body: { rate_limiter: null } })
    assert.strictEqual((await predict(drawbar, id)).status, 200)
  })
})

describe("a controller", () => {
  it("is created, changed, returned and deleted, and counts by user", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({ ok: true }))
    const { ml, url } = drawbar
    const model_id = await register(drawbar, {})
    const as = async (username: string) => {
      const client = new Client({ node: url, maxRetries: 0, auth: { username, password: "any" } })
      const answer = await predict({ ml: client.ml as unknown as Drawbar.Drawbar["ml"] }, model_id)
      await client.close()
      return answer
    }
    const limits = { alice: { limit: 2, unit: "HOURS" } }
    const made = await ml.createController({ model_id, body: { user_rate_limiter: limits } })
    assert.deepStrictEqual(made.body, { model_id, status: "CREATED" })
    const again = await ml.createController({ model_id, body: { user_rate_limiter: limits } })
    assert.strictEqual(again.body.status, "UPDATED")
    assert.isTrue((await ml.getModel({ model_id })).body.is_controller_enabled)

    assert.deepStrictEqual([(await as("alice")).status, (await as("alice")).status], [200, 200])
    const refused = await as("alice")
    assert.strictEqual(refused.status, 429)
    assert.include(refused.reason, "Request is throttled at user level.")
    assert.isAtLeast(Number(refused.retryAfter), 1)
    assert.strictEqual((await as("bob")).status, 200)

    await ml.updateController({ model_id, body: { user_rate_limiter: { bob: { limit: "0", unit: "DAYS" } } } })
    assert.deepStrictEqual((await ml.getController({ model_id })).body, {
      model_id,
      user_rate_limiter: { alice: { limit: "2", unit: "HOURS" }, bob: { limit: "0", unit: "DAYS" } },
    })
    assert.strictEqual((await as("bob")).status, 429)

    assert.strictEqual((await ml.deleteController({ model_id })).body.result, "deleted")
    assert.strictEqual((await as("bob")).status, 200)
    assert.isUndefined((await ml.getModel({ model_id })).body.is_controller_enabled)
  })

  it.each([
    [
      "of a model that does not exist",
      "POST",
      "missing",
      {},
      404,
      "Failed to find model to create the corresponding model controller",
    ],
    ["that does not exist", "GET", "", undefined, 404, "Failed to find model controller with the provided model ID"],
    [
      "that does not exist, on change",
      "PUT",
      "",
      { user_rate_limiter: {} },
      409,
      "Consider calling create model controller",
    ],
    ["without a body", "POST", "", "", 400, "Create model controller request has empty body"],
    ["with a bad limit", "POST", "", { user_rate_limiter: { a: { limit: "x" } } }, 400, "positive number"],
    ["with a bad unit", "POST", "", { user_rate_limiter: { a: { unit: "AGES" } } }, 400, "Wrong time unit of AGES"],
  ])("%s is rejected", async (_name, method, id, body, status, sentence) => {
    await using drawbar = await Drawbar.start()
    const model_id = await register(drawbar, {})
    const answer = await Drawbar.ask(drawbar, method, `/_plugins/_ml/controllers/${id || model_id}`, body)
    assert.strictEqual(answer.status, status, answer.text)
    assert.include(answer.text, sentence)
  })
})

describe("an interface violated in many places", () => {
  it.each([
    [{ items: { type: "string" } }, Array<number>(2_000_000).fill(0), "$.parameters.a[0]"],
    [{ items: { type: "string" } }, [0, 1], "$.parameters.a[1]"],
    [{ uniqueItems: true }, Array.from({ length: 100_000 }, (_, i) => ({ i: i % 99_999 })), "duplicate items"],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      "duplicate items",
    ],
  ])("%j reports some of them", (schema, a, sentence) => {
    const { problems } = Result.getOrThrow(
      ModelInterface.compile(JSON.stringify({ properties: { parameters: { properties: { a: schema } } } })),
    )
    const found = problems({ parameters: { a } })
    assert.include(found.join("; "), sentence)
    assert.isAtMost(found.length, 5)
  })

  it("accepts distinct items", () => {
    const { problems } = Result.getOrThrow(ModelInterface.compile('{"uniqueItems":true}'))
    assert.deepStrictEqual(problems([1, "1", [1], { a: 1 }, { a: "1" }, null]), [])
  })
})

describe("an interface", () => {
  const input = {
    type: "object",
    properties: {
      parameters: {
        type: "object",
        properties: {
          q: { type: "string", pattern: "^[a-z]+$" },
          n: { type: "integer", minimum: 1 },
          messages: { type: "array", items: { type: "object", required: ["role"] } },
        },
        required: ["q"],
        additionalProperties: false,
      },
    },
    required: ["parameters"],
  }

  it.each([
    [{ q: "abc" }, 200, ""],
    [{ q: "abc", n: "7" }, 200, ""],
    [{ q: "abc", n: 7 }, 200, ""],
    [{}, 400, "[$.parameters.q: is missing but it is required]"],
    [{ q: "ABC" }, 400, '$.parameters.q: must match pattern "^[a-z]+$"'],
    [{ q: "abc", n: "seven" }, 400, "$.parameters.n: must be integer"],
    [{ q: "abc", n: 0 }, 400, "$.parameters.n: must be >= 1"],
    [{ q: "abc", messages: [{ role: "user" }, {}] }, 400, "$.parameters.messages[1].role: is missing"],
    [{ q: "abc", other: 1 }, 400, "$.parameters.other: is not allowed"],
  ])("validates %j against its input: %i %s", async (parameters, status, sentence) => {
    await using drawbar = await Drawbar.start(() => Answer.json({ ok: true }))
    const id = await register(drawbar, { interface: { input: JSON.stringify(input) } })
    const answer = await predict(drawbar, id, parameters)
    assert.strictEqual(answer.status, status, answer.reason)
    assert.include(answer.reason, sentence)
    assert.strictEqual(drawbar.platform.requests.length, status === 200 ? 1 : 0)
  })

  it("rejects an invalid upstream response", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({ wrong: true }))
    const output = {
      properties: {
        inference_results: {
          items: { properties: { output: { items: { properties: { dataAsMap: { required: ["right"] } } } } } },
        },
      },
    }
    const id = await register(drawbar, { interface: { output } })
    const answer = await predict(drawbar, id)
    assert.strictEqual(answer.status, 502)
    assert.include(answer.reason, "$.inference_results[0].output[0].dataAsMap.right: is missing but it is required")
  })

  it.each([
    [{ input: { type: "objekt" } }, "/interface/input", "The input interface is not a valid JSON Schema"],
    [{ output: "{" }, "/interface/output", "The output interface is not valid JSON"],
    [{ input: { $ref: "https://elsewhere.example/schema.json" } }, "/interface/input", "can't resolve reference"],
    [{ input: { pattern: "(" } }, "/interface/input", "The input interface is not a valid JSON Schema"],
  ])("%j is rejected when the model is registered", async (given, _at, sentence) => {
    await using drawbar = await Drawbar.start()
    const body = { name: "m", function_name: "remote", connector: chat, interface: given }
    const answer = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", body)
    assert.strictEqual(answer.status, 400, answer.text)
    assert.include(answer.text, sentence)
  })
})

describe("guardrails", () => {
  it("of patterns block requests and responses", async () => {
    await using drawbar = await Drawbar.start(({ text }) => Answer.json({ said: JSON.parse(text).q }))
    const id = await register(drawbar, {
      guardrails: { input_guardrail: { regex: [".*abort.*"] }, output_guardrail: { regex: [".*secret.*"] } },
    })
    const reasons = async (q: string) => (await predict(drawbar, id, { q })).reason
    assert.strictEqual(await reasons("hello"), "")
    assert.strictEqual(await reasons("please abort"), "guardrails triggered for user input")
    assert.strictEqual(drawbar.platform.requests.length, 1)
    assert.strictEqual(await reasons("a secret"), "guardrails triggered for LLM output")
    await drawbar.ml.updateModel({ model_id: id, body: { guardrails: null } })
    assert.strictEqual(await reasons("please abort"), "")
  })

  it("of another model call it, and block if it fails", async () => {
    await using drawbar = await Drawbar.start(({ text }) => {
      const { q } = JSON.parse(text) as { readonly q: string }
      return q.startsWith("judge:")
        ? Answer.json({ verdict: { text: q.includes("bad") ? "reject" : " Accept " } })
        : Answer.json({ said: q })
    })
    const judge = {
      ...chat,
      parameters: { q: "judge: ${parameters.question}" },
    }
    const { body } = await drawbar.ml.createConnector({ body: judge })
    const { body: guard } = await drawbar.ml.registerModel({
      body: { name: "judge", function_name: "remote", connector_id: body.connector_id },
    })
    const side = {
      model_id: guard.model_id,
      response_filter: "$.verdict.text",
      response_validation_regex: "^\\s*[Aa]ccept\\s*$",
    }
    const id = await register(drawbar, { guardrails: { type: "model", input_guardrail: side } })
    assert.strictEqual((await predict(drawbar, id, { q: "good", question: "good" })).status, 200)
    assert.strictEqual((await predict(drawbar, id, { q: "x", question: "bad" })).status, 400)
    assert.strictEqual((await predict(drawbar, id, { q: "bad" })).reason, "guardrails triggered for user input")
    await drawbar.ml.updateModel({ model_id: guard.model_id, body: { is_enabled: false } })
    assert.strictEqual((await predict(drawbar, id, { q: "good" })).reason, "guardrails triggered for user input")
  })

  it.each([
    [{ type: "magic" }, "The type of guardrails is required"],
    [{ input_guardrail: { regex: ["("] } }, "Invalid regex pattern: ("],
    [{ input_guardrail: { regex: ["(?=a)"] } }, "Invalid regex pattern"],
    [{ input_guardrail: { regex: Array.from({ length: 1_001 }, () => "a") } }, "at most 1000 patterns"],
    [{ input_guardrail: { stop_words: [{ index_name: "w", source_fields: ["t"] }] } }, "Write the words as regex"],
    [{ type: "model", input_guardrail: { model_id: "m" } }, "response_validation_regex"],
    [{ type: "model", output_guardrail: { response_validation_regex: "a" } }, "model_id"],
  ])("%j are rejected when the model is registered", async (guardrails, sentence) => {
    await using drawbar = await Drawbar.start()
    const body = { name: "m", function_name: "remote", connector: chat, guardrails }
    const answer = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register", body)
    assert.strictEqual(answer.status, 400, answer.text)
    assert.include(answer.text, sentence)
  })
})

describe("a chain of processors sent by a call", () => {
  it("changes the request and the response", async () => {
    await using drawbar = await Drawbar.start(({ text }) =>
      Answer.json({ text: `so: {"q": "${JSON.parse(text).q}"} done` }),
    )
    const id = await register(drawbar, {})
    const { body } = await drawbar.ml.predictModel({
      model_id: id,
      body: {
        parameters: {
          q: "in 100 words",
          input_processors: [{ type: "regex_replace", pattern: "100", replacement: "20" }],
          output_processors: [{ type: "jsonpath_filter", path: "$.text" }, { type: "extract_json" }],
        },
      },
    })
    assert.deepStrictEqual(body.inference_results[0].output, [{ name: "response", dataAsMap: { q: "in 20 words" } }])
  })

  it("cannot change what the connector's author wrote", async () => {
    await using drawbar = await Drawbar.start(() => Answer.json({}))
    const id = await register(drawbar, {})
    const steps = [
      { type: "regex_replace", pattern: '"n": 0', replacement: '"n": 1' },
      { type: "set_field", path: "$.n", value: 1 },
    ]
    await predict(drawbar, id, { q: "x", input_processors: steps })
    assert.deepInclude(JSON.parse(drawbar.platform.requests[0]?.text ?? ""), { q: "x", n: 0 })
  })
})
