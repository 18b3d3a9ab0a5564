/** Quotas of API keys apply to every kind of upstream call: predicts, connector tests and guardrail models. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"
const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 }
const access = {
  "plugins.ml_commons.connector_access_control_enabled": true,
  "plugins.ml_commons.model_access_control_enabled": true,
}
const people = {
  admin: { roles: ["admin"] },
  owner: { roles: ["developer"] },
  judge: { roles: ["developer"] },
} as const satisfies Record<string, AuthenticatedServer.Person>
type Name = keyof typeof people

const start = (settings: object = {}) =>
  AuthenticatedServer.start<Name>(people, {
    settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://own\\.example/.*$"], ...settings },
    hosts: ["own.example"],
    handler: () => Answer.json({ said: "yes", usage }),
  })
type Server = Awaited<ReturnType<typeof start>>

const connector = {
  name: "c",
  version: 1,
  protocol: "http",
  actions: [{ action_type: "predict", method: "POST", url: "https://own.example/v1", request_body: "{}" }],
}

const idOf = (answer: AuthenticatedServer.Answered, field: string): string => {
  assert.strictEqual(answer.status, 200, answer.text)
  return answer.json[field]
}
let counter = 0
const open = { access_mode: "public" }

const modelOf = async (server: Server, who: Name, more: object = {}, mode: object = {}) => {
  const group = idOf(
    await server.as(who, "POST", `${ml}/model_groups/_register`, { name: `g${(counter += 1)}`, ...mode }),
    "model_group_id",
  )
  const model = idOf(
    await server.as(who, "POST", `${ml}/models/_register`, {
      name: `m${counter}`,
      function_name: "remote",
      model_group_id: group,
      connector,
      ...more,
    }),
    "model_id",
  )
  return { group, model }
}

interface Key {
  readonly models?: ReadonlyArray<string>
  readonly quota?: object
  readonly roles?: ReadonlyArray<string>
}

/** A caller with a new key. */
const caller = async (server: Server, key: Key, name = `k${(counter += 1)}`) => {
  const made = await server.as("admin", "POST", `${ml}/api_keys`, { name, roles: ["developer"], ...key })
  const bearer = `Bearer ${idOf(made, "api_key")}`
  return {
    predict: (id: string, how = "_predict") =>
      AuthenticatedServer.ask(server.url, bearer, "POST", `${ml}/models/${id}/${how}`, { parameters: { x: "1" } }),
    test: (id: string) =>
      AuthenticatedServer.ask(server.url, bearer, "POST", `${ml}/connectors/${id}/_test`, { parameters: {} }),
  }
}

const times = async (count: number, call: () => Promise<AuthenticatedServer.Answered>) => {
  const statuses: Array<number> = []
  for (let n = 0; n < count; n++) statuses.push((await call()).status)
  return statuses
}

const judged = (id: string, sides: ReadonlyArray<string> = ["input_guardrail"]) => ({
  guardrails: {
    type: "model",
    ...Object.fromEntries(sides.map((side) => [side, { model_id: id, response_validation_regex: "(?s).*" }])),
  },
})

describe("two keys with the same name", () => {
  it.each([
    ["requests_per_minute", 3, 5],
    ["tokens_per_day", 100, 170],
  ] as const)("have separate quotas of %s, and do not reset each other's", async (quota, small, large) => {
    await using server = await start()
    const { model } = await modelOf(server, "admin")
    const one = await caller(server, { quota: { [quota]: small } }, "twin")
    const two = await caller(server, { quota: { [quota]: large } }, "twin")
    const statuses: Array<[number, number]> = []
    for (let n = 0; n < 7; n++) statuses.push([(await one.predict(model)).status, (await two.predict(model)).status])
    assert.deepStrictEqual(
      statuses.map(([first]) => first),
      [200, 200, 200, 429, 429, 429, 429],
    )
    assert.deepStrictEqual(
      statuses.map(([, second]) => second),
      [200, 200, 200, 200, 200, 429, 429],
    )
  })
})

const shared = async (server: Server, models: ReadonlyArray<object> = [{}]) => {
  const id = idOf(await server.as("admin", "POST", `${ml}/connectors/_create`, connector), "connector_id")
  const ids: Array<string> = []
  for (const more of models)
    ids.push((await modelOf(server, "admin", { connector: undefined, connector_id: id, ...more })).model)
  return { id, ids }
}

describe("a connector test", () => {
  it.each([
    ["requests_per_minute", 2],
    ["tokens_per_day", 70],
  ] as const)("counts towards %s", async (quota, limit) => {
    await using server = await start()
    const { id, ids } = await shared(server)
    const key = await caller(server, { quota: { [quota]: limit } })
    assert.deepStrictEqual(await times(3, () => key.test(id)), [200, 200, 429])
    assert.strictEqual((await key.predict(ids[0]!)).status, 429)
  })

  it("counts towards the memory of concurrent predicts", async () => {
    await using server = await start()
    const { id } = await shared(server)
    const key = await caller(server, {})
    assert.match((await key.test(id)).headers.get("server-timing") ?? "", /^upstream;dur=/)
  })

  it("requires a key for the models that use the connector", async () => {
    await using server = await start()
    const { id, ids } = await shared(server)
    const { model } = await modelOf(server, "admin")
    assert.strictEqual((await (await caller(server, { models: ids })).test(id)).status, 200)
    const refused = await (await caller(server, { models: [model] })).test(id)
    assert.strictEqual(refused.status, 403)
    assert.include(refused.text, "none of them uses the connector")
  })

  it("counts towards the rate limits of the models that use the connector", async () => {
    await using server = await start()
    const { id, ids } = await shared(server, [{ rate_limiter: { limit: "2", unit: "MINUTES" } }, {}])
    const key = await caller(server, {})
    assert.deepStrictEqual(await times(3, () => key.test(id)), [200, 200, 429])
    assert.strictEqual((await key.predict(ids[0]!)).status, 429)
    assert.strictEqual((await key.predict(ids[1]!)).status, 200)
  })
})

describe("a guardrail model", () => {
  it.each([
    ["requests_per_minute", 5],
    ["tokens_per_day", 140],
  ] as const)("counts towards %s of the caller", async (quota, limit) => {
    await using server = await start()
    const judge = await modelOf(server, "admin")
    const { model } = await modelOf(server, "admin", judged(judge.model))
    const key = await caller(server, { quota: { [quota]: limit } })
    const statuses = await times(3, () => key.predict(model))
    // Each predict makes two calls: the third has one left, or none.
    assert.deepStrictEqual(statuses, [200, 200, 429])
    const free = await caller(server, {})
    assert.deepStrictEqual(await times(3, () => free.predict(model)), [200, 200, 200])
  })

  it("requires a key that lists it", async () => {
    await using server = await start()
    const judge = await modelOf(server, "admin")
    const { model } = await modelOf(server, "admin", judged(judge.model, ["output_guardrail"]))
    const count = server.platform.requests.length
    const refused = await (await caller(server, { models: [model] })).predict(model)
    assert.strictEqual(refused.status, 403)
    assert.include(refused.text, `This API key is not for the model ${judge.model}`)
    assert.strictEqual(server.platform.requests.length, count)
    assert.strictEqual((await (await caller(server, { models: [model, judge.model] })).predict(model)).status, 200)
  })

  it("has its own rate limit, which is rejected with 429", async () => {
    await using server = await start()
    const judge = await modelOf(server, "admin", { rate_limiter: { limit: "2", unit: "MINUTES" } })
    const { model } = await modelOf(server, "admin", judged(judge.model))
    const key = await caller(server, {})
    assert.deepStrictEqual(await times(3, () => key.predict(model)), [200, 200, 429])
  })

  it("is no longer called once the principal that configured it loses access", async () => {
    await using server = await start(access)
    const judge = await modelOf(server, "judge", { connector: { ...connector, name: "judging" } }, open)
    const { model } = await modelOf(server, "owner", judged(judge.model), open)
    const key = await caller(server, {})
    assert.strictEqual((await key.predict(model)).status, 200)
    const close = (mode: string) =>
      server.as("judge", "PUT", `${ml}/model_groups/${judge.group}`, { access_mode: mode })
    assert.strictEqual((await close("private")).status, 200)
    const count = server.platform.requests.length
    const refused = await key.predict(model)
    assert.strictEqual(refused.status, 400)
    assert.include(refused.text, "guardrails triggered")
    assert.strictEqual(server.platform.requests.length, count)
    // Configured again by an admin, it is called, because admins have access.
    assert.strictEqual((await server.as("admin", "PUT", `${ml}/models/${model}`, judged(judge.model))).status, 200)
    assert.strictEqual((await key.predict(model)).status, 200)
    assert.notInclude((await server.as("owner", "GET", `${ml}/models/${model}`)).text, "guarded_by")
  })
})

describe("calls side by side", () => {
  const many = 100
  const expensive = { prompt_tokens: 60, completion_tokens: 40, total_tokens: 100 }
  const sse = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] })}\n\n`
  const reported = `data: ${JSON.stringify({ choices: [], usage: expensive })}\n\ndata: [DONE]\n\n`

  it.each([
    ["predicts", "_predict"],
    ["streams", "_predict/stream"],
    ["tests of a connector", "_test"],
  ] as const)("as %s keep the tokens of a day, and what they did not use is there again", async (_, how) => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    await using server = await AuthenticatedServer.start<Name>(people, {
      settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://own\\.example/.*$"] },
      hosts: ["own.example"],
      handler: async () => {
        // None ends before all have come.
        await opened
        return how === "_predict/stream"
          ? Answer.stream("text/event-stream", [sse, reported])
          : Answer.json({ said: "yes", usage: expensive })
      },
    })
    const chat = { ...connector.actions[0], url: "https://own.example/v1/chat/completions" }
    const made = await server.as("admin", "POST", `${ml}/connectors/_create`, { ...connector, actions: [chat] })
    const id = idOf(made, "connector_id")
    const { model } = await modelOf(server, "admin", { connector: undefined, connector_id: id })
    const key = await caller(server, { quota: { tokens_per_day: 100 } })
    const ask = () => (how === "_test" ? key.test(id) : key.predict(model, how))
    let refused = 0
    const counted = async () => {
      const answer = await ask()
      if (answer.status === 429 && (refused += 1) === many - 1) open()
      return answer
    }
    const answers = await Promise.all(Array.from({ length: many }, counted))
    const statuses = answers.map(({ status }) => status)
    assert.deepStrictEqual(
      [200, 429].map((status) => statuses.filter((one) => one === status).length),
      [1, many - 1],
    )
    assert.strictEqual(server.platform.requests.length, 1)
    for (const { headers } of answers.filter(({ status }) => status === 429))
      assert.strictEqual(headers.get("retry-after"), "1")
    assert.isAbove(Number((await ask()).headers.get("retry-after")), 1)
    // A call reserves more than it uses: two in turn fit into what one of them reserves.
    const larger = await caller(server, { quota: { tokens_per_day: 150 } })
    const askLarger = () => (how === "_test" ? larger.test(id) : larger.predict(model, how))
    assert.deepStrictEqual(await times(3, askLarger), [200, 200, 429])
  })
})

const embed = (server: Server, bearer: string, id: string, count: number) =>
  AuthenticatedServer.ask(server.url, bearer, "POST", `${ml}/_predict/text_embedding/${id}`, {
    text_docs: Array.from({ length: count }, (_, n) => `text ${n}`),
  })

describe("an input that is split", () => {
  it.each([
    ["a key's requests a minute", { quota: { requests_per_minute: 40 } }, {}],
    ["a model's rate limit", {}, { rate_limiter: { limit: "40", unit: "HOURS" } }],
  ])("counts for %s as the calls that it makes", async (_, key, model) => {
    await using server = await start()
    const split = { ...connector, parameters: { input_docs_processed_step_size: "1" } }
    const { model: id } = await modelOf(server, "admin", { connector: split, ...model })
    const made = await server.as("admin", "POST", `${ml}/api_keys`, { name: "split", roles: ["developer"], ...key })
    const bearer = `Bearer ${idOf(made, "api_key")}`
    const statuses: Array<number> = []
    for (const count of [30, 11, 10, 1]) statuses.push((await embed(server, bearer, id, count)).status)
    assert.deepStrictEqual(statuses, [200, 429, 200, 429])
    assert.strictEqual(server.platform.requests.length, 40)
  })

  it("that is larger than the limit never passes, and takes nothing of it", async () => {
    await using server = await start()
    const split = { ...connector, parameters: { input_docs_processed_step_size: "1" } }
    const rate_limiter = { limit: "4", unit: "MINUTES" }
    const { model: id } = await modelOf(server, "admin", { connector: split, rate_limiter })
    const made = await server.as("admin", "POST", `${ml}/api_keys`, { name: "split", roles: ["developer"] })
    const bearer = `Bearer ${idOf(made, "api_key")}`
    const refused = await embed(server, bearer, id, 40)
    assert.strictEqual(refused.status, 429)
    assert.isNull(refused.headers.get("retry-after"))
    assert.strictEqual((await embed(server, bearer, id, 4)).status, 200)
  })
})
