/**
 * No JSON modifies a prototype: names that could are added to each object of each request and response body, and to
 * parameters.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import { ask } from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"
const poisons = [
  '"__proto__":{"polluted":"yes"}',
  '"constructor":{"prototype":{"polluted":"yes"}}',
  '"__proto__.polluted":"yes"',
  '"prototype":{"polluted":"yes"}',
] as const

/** The JSON text of a value with a poisoned member in each of its objects. */
const poisoned = (value: unknown, poison: string): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => poisoned(item, poison)).join(",")}]`
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${poisoned(item, poison)}`)
  return `{${[poison, ...members].join(",")}}`
}

const { blueprint } = Drawbar
const chain = JSON.stringify([
  { type: "set_field", path: "$['__proto__'].polluted", value: "yes" },
  { type: "set_field", path: "$.constructor.prototype.polluted", value: "yes" },
  { type: "remove_jsonpath", paths: ["$['__proto__']", "$.constructor"] },
])
const model = { name: "m", function_name: "remote", description: "d", connector: blueprint }
const entries: ReadonlyArray<readonly [method: string, path: string, body: object]> = [
  ["POST", "/connectors/_create", { ...blueprint, client_config: { max_connection: 3 } }],
  ["PUT", "/connectors/CONNECTOR", { parameters: { a: { b: 1 } }, credential: { cohere_key: "sk-0123456789" } }],
  [
    "POST",
    "/connectors/_search",
    { query: { bool: { must: [{ match: { name: "x" } }] } }, sort: [{ "name.keyword": "asc" }] },
  ],
  ["POST", "/connectors/_validate", blueprint],
  ["POST", "/models/_register", { ...model, interface: { input: { type: "object", properties: {} } } }],
  ["POST", "/models/_register", { ...model, model_config: { model_type: "x", additional_config: { a: 1 } } }],
  ["POST", "/models/_register", { ...model, guardrails: { type: "local_regex", input_guardrail: { regex: ["x"] } } }],
  ["PUT", "/models/MODEL", { description: "e", rate_limiter: { limit: "999", unit: "SECONDS" } }],
  [
    "POST",
    "/models/_search",
    { query: { term: { name: { value: "m" } } }, aggs: { a: { terms: { field: "name.keyword" } } } },
  ],
  ["POST", "/models/MODEL/_predict", { parameters: { texts: ["a"], more: { a: [{}] } } }],
  ["POST", "/models/MODEL/_predict", { parameters: { texts: ["a"], output_processors: chain } }],
  ["POST", "/models/MODEL/_predict", { parameters: { texts: ["a"], input_processors: chain } }],
  ["POST", "/models/MODEL/_predict/stream", { parameters: { texts: ["a"] } }],
  ["POST", "/models/MODEL/_render", { parameters: { texts: ["a"] } }],
  ["POST", "/_predict/text_embedding/MODEL", { text_docs: ["a"], result_filter: { return_number: true } }],
  ["POST", "/controllers/MODEL", { user_rate_limiter: { ada: { limit: "999", unit: "SECONDS" } } }],
  ["POST", "/model_groups/_register", { name: "NAME", description: "d" }],
  ["POST", "/api_keys", { name: "NAME", roles: ["application"], quota: { tokens_per_day: 9 } }],
  ["POST", "/users", { name: "NAME", roles: ["developer"], password: "a-long-password-1" }],
]

let drawbar: Drawbar.Drawbar
let answer = "{}"
const ids = { connector: "", model: "" }

beforeAll(async () => {
  drawbar = await Drawbar.start(() => ({ ...Answer.json({}), body: answer }))
  const post = (path: string, body: object) => ask(drawbar.url, undefined, "POST", `${ml}${path}`, body)
  ids.connector = (await post("/connectors/_create", blueprint)).json.connector_id
  ids.model = (
    await post("/models/_register", { ...model, connector: undefined, connector_id: ids.connector })
  ).json.model_id
})
afterAll(() => drawbar[Symbol.asyncDispose]())

let sent = 0

const send = async (method: string, path: string, text: string) => {
  const body = text.replace("NAME", `name${sent++}`)
  const url = drawbar.url + path.replace("CONNECTOR", ids.connector).replace("MODEL", ids.model)
  const response = await fetch(url, { method, headers: { "content-type": "application/json" }, body })
  assert.notStrictEqual(response.status, 500, await response.text())
  const plain: { readonly polluted?: unknown } = {}
  assert.isUndefined(plain.polluted)
  assert.notInclude(Object.keys(Object.prototype), "polluted")
  return response.status
}

describe("these bodies", () => {
  it.each(entries)("are accepted by %s %s without a poisoned member", async (method, path, body) => {
    answer = JSON.stringify({ embeddings: [[1]] })
    const status = await send(method, ml + path, JSON.stringify(body))
    assert.isTrue(status === 200 || path.endsWith("stream"), `${status}`)
  })
})

describe.each(poisons)("%s", (poison) => {
  it.each(entries)("modify no prototype in %s %s", async (method, path, body) => {
    answer = poisoned({ embeddings: [[1]], more: { a: [{}] } }, poison)
    await send(method, ml + path, poisoned(body, poison))
  })

  it("modify no prototype in cluster settings", async () => {
    const settings = { persistent: { plugins: { ml_commons: { stream_enabled: true } } }, transient: {} }
    await send("PUT", "/_cluster/settings", poisoned(settings, poison))
  })
})
