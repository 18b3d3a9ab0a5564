/**
 * Requests of a low-privileged principal to routes other than predict: limited, never an internal server error, and
 * never another principal's data.
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { blueprint } from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const people = {
  admin: { roles: ["admin"] },
  owner: { roles: ["developer"], backend_roles: ["ml"] },
  stranger: { roles: ["developer"], backend_roles: ["finance"] },
} as const satisfies Record<string, AuthenticatedServer.Person>

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
const random = (() => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
})()
const pick = <A>(of: ReadonlyArray<A>): A => of[random(of.length)] as A

let server: AuthenticatedServer.Guarded<keyof typeof people>
let model: string
let task: string

beforeAll(async () => {
  server = await AuthenticatedServer.start(people)
  const settings = {
    "plugins.ml_commons.connector_access_control_enabled": true,
    "plugins.ml_commons.model_access_control_enabled": true,
  }
  await server.as("admin", "PUT", "/_cluster/settings", { persistent: settings })
  const registered = await server.as("owner", "POST", `${ml}/models/_register?deploy=true`, {
    name: "private one",
    function_name: "remote",
    access_mode: "private",
    connector: { ...blueprint, name: "inline" },
  })
  assert.strictEqual(registered.status, 200, registered.text)
  model = registered.json.model_id
  task = registered.json.task_id
  await server.as("owner", "POST", `${ml}/models/${model}/_predict`, { parameters: { texts: ["a"] } })
})
afterAll(() => server[Symbol.asyncDispose]())

const shown = async (principal: keyof typeof people) => {
  const { text, status } = await server.as(principal, "GET", "/metrics")
  assert.strictEqual(status, 200, text)
  assert.include(text, "drawbar_http_requests_total")
  return text.includes(model)
}

describe("the name of a private model", () => {
  const paths = [
    ["tasks/_search", "POST", { size: 100 }],
    ["stats", "GET", undefined],
    ["profile", "GET", undefined],
    ["models/_search", "POST", { size: 100 }],
  ] as const

  it.each(paths)("%s shows it only to its owner and admins", async (path, method, body) => {
    for (const [principal, isShown] of [
      ["owner", true],
      ["admin", true],
      ["stranger", false],
    ] as const) {
      const { status, text } = await server.as(principal, method, `${ml}/${path}`, body)
      assert.strictEqual(status, 200, text)
      assert.strictEqual(text.includes(model), isShown, `${principal}: ${text}`)
    }
  })

  it("is in the metrics of its owner and admins only", async () => {
    assert.deepStrictEqual([await shown("owner"), await shown("admin"), await shown("stranger")], [true, true, false])
  })

  it("is in a task that others can neither read nor delete", async () => {
    for (const method of ["GET", "DELETE"]) {
      const refused = await server.as("stranger", method, `${ml}/tasks/${task}`)
      assert.strictEqual(refused.status, 403, refused.text)
      assert.notInclude(refused.text, model)
    }
    assert.strictEqual((await server.as("stranger", "GET", `${ml}/profile/tasks/${task}`)).status, 403)
    assert.strictEqual((await server.as("owner", "GET", `${ml}/tasks/${task}`)).json.model_id, model)
  })
})

const large = "x".repeat(1_100_000)
describe("a refusal repeats little of what was sent", () => {
  const long = "x".repeat(900_000)
  const url = "https://api.cohere.ai/"
  const action = { action_type: "predict", method: "POST", url }
  it.each([
    ["POST", `${ml}/models/a/_predict`, { action_type: long }],
    ["POST", `${ml}/connectors/_create`, { ...blueprint, actions: [{ ...action, action_type: long }] }],
    ["POST", `${ml}/connectors/_create`, { ...blueprint, actions: [{ ...action, headers: { [long]: "x" } }] }],
    ["POST", `${ml}/models/_register`, { name: "x", function_name: "remote", connector_id: long }],
    ["POST", `${ml}/models/_search`, { query: { [long]: {} } }],
    ["POST", `${ml}/models/_search`, { sort: [long] }],
    ["PUT", "/_cluster/settings", { persistent: { [long]: 1 } }],
    ["PUT", "/_cluster/settings", { persistent: { "plugins.ml_commons.stream_enabled": long } }],
    ["PUT", "/_plugins/_drawbar/aliases/a", { model_id: long }],
    ["POST", "/v1/chat/completions", { model: long, messages: [] }],
  ])("%s %s", async (method, path, body) => {
    const refused = await server.as("admin", method, path, body)
    assert.include([400, 404], refused.status, refused.text.slice(0, 200))
    assert.isBelow(refused.text.length, 25_000)
  })
})

const setting = (value: number | null) =>
  server.as("admin", "PUT", "/_cluster/settings", { transient: { "plugins.ml_commons.max_json_size": value } })
const status = async () =>
  (await server.as("owner", "POST", `${ml}/models/_search`, { query: { match: { name: large } } })).status

describe("an oversized value is rejected by name", () => {
  const key = { name: "k", roles: ["reader"] }
  const table: ReadonlyArray<
    readonly [what: string, path: string, body: unknown, status: number, expectedText: string]
  > = [
    ["a search of 1.1 MB", `${ml}/models/_search`, { query: { match: { name: large } } }, 413, "larger than 1000000"],
    ["a connector of 1.1 MB", `${ml}/connectors/_create`, { ...blueprint, description: large }, 413, "larger than"],
    ["a key that never expires", `${ml}/api_keys`, { ...key, expires_in_days: 1e305 }, 400, "[/expires_in_days]"],
    ["a key for 101 years", `${ml}/api_keys`, { ...key, expires_in_days: 36_501 }, 400, "[/expires_in_days]"],
    ["a quota without a limit", `${ml}/api_keys`, { ...key, quota: { tokens_per_day: 1e300 } }, 400, "tokens_per_day"],
    [
      "60,000 credentials",
      `${ml}/connectors/_create`,
      { ...blueprint, credential: Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, "v"])) },
      400,
      "has 60000 members: 100 are taken at most",
    ],
    [
      "5,000 patterns",
      `${ml}/models/_search`,
      { _source: Array.from({ length: 5_000 }, (_, i) => `*${i}*`) },
      400,
      "100",
    ],
    [
      "an unknown access mode",
      `${ml}/model_groups/_register`,
      { name: "g", access_mode: "secret" },
      400,
      "access_mode must be one of",
    ],
  ]

  it.each(table)("%s", async (_what, path, body, status, expectedText) => {
    const refused = await server.as("admin", "POST", path, body)
    assert.strictEqual(refused.status, status, refused.text.slice(0, 500))
    assert.include(refused.text, expectedText)
  })

  it("a setting raises the body limit, and never lowers it", async () => {
    assert.strictEqual((await setting(2_000_000)).status, 200)
    assert.strictEqual(await status(), 400)
    assert.strictEqual((await setting(0)).status, 200)
    assert.strictEqual(await status(), 413)
    assert.strictEqual((await setting(null)).status, 200)
  })
})

const nested = (levels: number, kind: number): unknown => {
  let value: unknown = "x"
  for (let n = 0; n < levels; n++)
    value = kind === 0 ? [value] : kind === 1 ? { a: value } : n % 2 ? [value] : { a: value }
  return value
}

const word = () =>
  pick([
    "a",
    "*",
    "?",
    "name",
    "model_id",
    "\u0000",
    "1e999",
    "x".repeat(300),
    "*a".repeat(100),
    "[",
    "(",
    "é",
    "now-1d/d",
    "now+999999y+999999y/d",
    "-1",
  ])

const scalar = (): unknown =>
  pick<() => unknown>([word, () => random(1e9) - 5e8, () => null, () => true, () => 1e308, () => 0.1])()

describe(`nested values (SEED=${seed})`, () => {
  const fields = {
    "models/_register": [
      "name",
      "model_config",
      "interface",
      "guardrails",
      "rate_limiter",
      "deploy_setting",
      "connector",
    ],
    "connectors/_create": ["name", "version", "parameters", "credential", "actions", "client_config"],
    "model_groups/_register": ["name", "backend_roles"],
    "models/_search": ["query", "sort", "_source", "aggs", "search_after", "min_score"],
  } as const
  const inner: Readonly<Record<string, ReadonlyArray<string>>> = {
    model_config: ["additional_config", "all_config"],
    interface: ["input"],
    guardrails: ["input_guardrail"],
    query: ["bool", "dis_max", "match", "nested", "constant_score"],
    parameters: ["p"],
  }

  it("are accepted or rejected in any position and depth, and returned unchanged", async () => {
    for (const [path, names] of Object.entries(fields))
      for (const name of names)
        for (const levels of [100, 500, 990]) {
          const value = nested(levels, random(3))
          const body: Record<string, unknown> = {
            ...(path.startsWith("connectors") ? blueprint : {}),
            ...(path.startsWith("models/_reg")
              ? { name: "n", function_name: "remote", connector: { ...blueprint, name: "i" } }
              : {}),
            ...(path.startsWith("model_groups") ? { name: `n${random(1e9)}` } : {}),
          }
          for (const at of [undefined, ...(inner[name] ?? [])]) {
            const sent = { ...body, [name]: at === undefined ? value : { [at]: value } }
            const answered = await server.as("owner", "POST", `${ml}/${path}?pretty`, sent)
            assert.notStrictEqual(answered.status, 500, `${path} ${name} ${at} ${levels}: ${answered.text}`)
          }
        }
    for (const filter of [
      "",
      "?pretty",
      "?filter_path=**.a",
      "?pretty&filter_path=-**.b",
      "?filter_path=hits.hits.**.name",
    ])
      for (const collection of ["models", "connectors"]) {
        const found = await server.as("owner", "POST", `${ml}/${collection}/_search${filter}`, { size: 1_000 })
        assert.isTrue(found.status === 200 || found.status === 400, `${found.status} ${found.text.slice(0, 500)}`)
        const parts = await server.as("owner", "POST", `${ml}/${collection}/_search${filter}`, {
          _source: ["*a*", "**"],
          size: 1_000,
        })
        assert.isTrue(parts.status === 200 || parts.status === 400, `${parts.status} ${parts.text.slice(0, 500)}`)
      }
  })

  it("and random values never cause an internal server error", async () => {
    const value = (depth: number): unknown => {
      if (depth === 0) return scalar()
      return pick<() => unknown>([
        scalar,
        () => Array.from({ length: random(4) }, () => value(depth - 1)),
        () => Object.fromEntries(Array.from({ length: random(3) }, () => [word(), value(depth - 1)])),
        () => query(depth - 1),
      ])()
    }
    const names = [
      "match",
      "match_phrase",
      "match_phrase_prefix",
      "multi_match",
      "term",
      "terms",
      "prefix",
      "wildcard",
      "regexp",
      "exists",
      "range",
      "nested",
      "query_string",
      "simple_query_string",
      "bool",
      "dis_max",
      "constant_score",
      "ids",
    ]
    const keys = [
      "query",
      "value",
      "field",
      "fields",
      "must",
      "should",
      "must_not",
      "filter",
      "queries",
      "gte",
      "lt",
      "boost",
      "tie_breaker",
      "minimum_should_match",
      "values",
      "name",
      "created_time",
      "name.keyword",
      "path",
    ]
    const query = (depth: number): unknown => ({
      [pick(names)]: Object.fromEntries(
        Array.from({ length: 1 + random(2) }, () => [pick(keys), value(Math.max(0, depth - 1))]),
      ),
    })
    for (let n = 0; n < 600; n++) {
      const body = {
        query: query(1 + random(4)),
        ...(random(3) === 0 ? { sort: [pick([word(), { [pick(keys)]: value(1) }])] } : {}),
        ...(random(3) === 0 ? { _source: value(2) } : {}),
        ...(random(4) === 0 ? { min_score: scalar() } : {}),
        ...(random(4) === 0
          ? { aggs: { a: { [pick(["terms", "value_count"])]: { [pick(["field", "size"])]: scalar() } } } }
          : {}),
        ...(random(4) === 0 ? { size: pick([0, 1, 10_000, 10_001, -1]) } : {}),
      }
      const path = `${ml}/${pick(["models", "connectors", "tasks", "model_groups"])}/_search`
      const answered = await server.as("owner", "POST", path, body)
      assert.include([200, 400, 413], answered.status, `SEED=${seed} ${path} ${JSON.stringify(body)}: ${answered.text}`)
    }
  })
})
