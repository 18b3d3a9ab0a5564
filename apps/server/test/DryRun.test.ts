/** A dry run shows the requests that a predict sends, and refuses what a predict refuses. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { header } from "@drawbar/stub-platform/Received"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const [action] = Drawbar.blueprint.actions

/** The upstream returns one vector for each text that it was sent. */
const vectors: Answer.Handler = ({ text }) => {
  const { texts } = JSON.parse(text) as { readonly texts?: unknown }
  return Answer.json({ embeddings: (Array.isArray(texts) ? texts : ["one"]).map(() => [0.1, 0.25]) })
}

const { pre_process_function: _, ...withoutFunction } = action!
const connectors = {
  plain: Drawbar.blueprint,
  single: { ...Drawbar.blueprint, parameters: { ...Drawbar.blueprint.parameters, input_docs_processed_step_size: 2 } },
  raw: { ...Drawbar.blueprint, actions: [withoutFunction] },
  defaults: {
    ...Drawbar.blueprint,
    actions: [
      { ...action!, request_body: '{ "texts": ${parameters.texts}, "kind": "${parameters.input_type:-none}" }' },
    ],
  },
  chain: {
    ...Drawbar.blueprint,
    parameters: {
      ...Drawbar.blueprint.parameters,
      input_processors: [{ type: "jsonpath_filter", path: "$" }],
    },
  },
} as const

const schema = JSON.stringify({
  type: "object",
  properties: { parameters: { type: "object", properties: { texts: { type: "array" } }, required: ["texts"] } },
  required: ["parameters"],
})
const guarded = (regex: string) => ({
  guardrails: { type: "local_regex", input_guardrail: { regex: [regex] } },
})

type Input = [name: string, connector: keyof typeof connectors, body: unknown, model?: object, query?: string]

const texts = { parameters: { texts: ["bees"] } }

const inputs: ReadonlyArray<Input> = [
  ["parameters", "plain", texts],
  ["parameters with another model", "plain", { parameters: { texts: ["a"], model: "other" } }],
  ["a text that has to be escaped", "plain", { parameters: { texts: ['quote " and \\ and\nline'] } }],
  ["a number with its digits", "plain", '{"parameters":{"texts":[1.10]}}'],
  ["emoji and combining characters", "plain", { parameters: { texts: ["🐝 e\u0301"] } }],
  ["documents", "plain", { text_docs: ["one", "two"] }],
  ["documents that make several calls", "single", { text_docs: ["one", "two", "three", "four", "five"] }],
  ["documents as many as one call takes", "single", { text_docs: ["one", "two"] }],
  ["documents with a result filter", "plain", { text_docs: ["one"], target_response: ["sentence_embedding"] }],
  ["documents by the algorithm of the query", "plain", { text_docs: ["one"] }, {}, "?algorithm=text_embedding"],
  ["parameters by the algorithm of the query", "plain", texts, {}, "?algorithm=remote"],
  ["a default of the template", "defaults", texts],
  ["a value in place of a default", "defaults", { parameters: { texts: ["a"], input_type: "query" } }],
  ["a chain of input processors", "chain", texts],
  ["a model with an interface that it fits", "plain", texts, { interface: { input: schema } }],
  ["a model with a guardrail that it passes", "plain", texts, guarded(".*wasp.*")],
  ["no body's parameters", "plain", { parameters: {} }],
  ["a missing parameter", "plain", { parameters: { other: 1 } }],
  ["a text in the position of JSON", "plain", { parameters: { texts: "bees" } }],
  ["an origin moved by the caller", "plain", { parameters: { texts: ["a"], endpoint: "evil.example" } }],
  ["documents without a function for them", "raw", { query_text: "q", text_docs: ["one"] }],
  ["no documents", "plain", { text_docs: [] }, {}, "?algorithm=text_embedding"],
  ["an unknown algorithm", "plain", texts, {}, "?algorithm=kmeans"],
  ["documents sent as parameters by the query", "plain", { text_docs: ["one"] }, {}, "?algorithm=remote"],
  ["an unknown action", "plain", { ...texts, action_type: "fly" }],
  ["a batch action", "plain", { ...texts, action_type: "batch_predict" }],
  ["a model that is switched off", "plain", texts, { is_enabled: false }],
  ["a model with an interface that it breaks", "plain", { parameters: { texts: 1 } }, { interface: { input: schema } }],
  ["a model with a guardrail that it breaks", "plain", { parameters: { texts: ["wasp"] } }, guarded(".*wasp.*")],
  [
    "a model that may not be deployed by a predict",
    "plain",
    texts,
    { deploy_setting: { is_auto_deploy_enabled: false } },
  ],
  ["a response filter that cannot be read", "plain", { parameters: { texts: ["a"], response_filter: "$[" } }],
  ["a body that is not JSON", "plain", '{"parameters":'],
]

let drawbar: Drawbar.Drawbar
beforeAll(async () => {
  drawbar = await Drawbar.start(vectors)
})
afterAll(() => drawbar[Symbol.asyncDispose]())

const register = async (connector: keyof typeof connectors, model: object): Promise<string> => {
  const made = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: connectors[connector],
    ...model,
  })
  assert.strictEqual(made.status, 200, made.text)
  return made.json.model_id
}

describe(`${inputs.length} inputs`, () => {
  it.each<Input>([...inputs])(
    "%s: the same requests, or the same error",
    async (_name, connector, body, model = {}, query = "") => {
      const id = await register(connector, model)
      const rendered = await Drawbar.ask(drawbar, "POST", `${ml}/models/${id}/_render${query}`, body)
      const before = drawbar.platform.requests.length
      assert.notInclude(rendered.text, Drawbar.secret)
      const predicted = await Drawbar.ask(drawbar, "POST", `${ml}/models/${id}/_predict${query}`, body)
      const sent = drawbar.platform.requests.slice(before)
      if (sent.length === 0) {
        assert.strictEqual(rendered.status, predicted.status, rendered.text)
        assert.deepStrictEqual(rendered.json, predicted.json)
        return
      }
      assert.strictEqual(rendered.status, 200, `${rendered.text} although a predict was sent`)
      const shown: ReadonlyArray<Rendered> = rendered.json.requests ?? [rendered.json]
      assert.deepStrictEqual(
        shown.map(({ method, url, body }) => ({ method, target: new URL(url).pathname, body })).toSorted(byBody),
        sent.map(({ method, target, text }) => ({ method, target, body: text })).toSorted(byBody),
      )
      for (const { headers } of shown)
        for (const [name, value] of Object.entries(headers))
          if (sent[0] !== undefined) assert.strictEqual(header(sent[0], name), value.replace("***", Drawbar.secret))
    },
  )
})

/** The headers of a blueprint's dry run. */
const render = async (blueprint: object) => {
  const body = { blueprint: { ...Drawbar.blueprint, ...blueprint }, input: texts }
  const { status, text, json } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_render`, body)
  assert.strictEqual(status, 200, text)
  assert.notInclude(text, Drawbar.secret)
  return json.headers
}

describe("the headers that authorise", () => {
  it("are those of a signature, with key, token and signature masked", async () => {
    const headers = await render({
      protocol: "aws_sigv4",
      credential: { access_key: "AKIDEXAMPLE", secret_key: Drawbar.secret, session_token: "t0ken" },
      parameters: { ...Drawbar.blueprint.parameters, region: "us-east-1", service_name: "bedrock" },
      actions: [{ ...action, headers: {} }],
    })
    assert.match(
      headers.authorization,
      /^AWS4-HMAC-SHA256 Credential=\*\*\*\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=[\w;-]+, Signature=\*\*\*$/,
    )
    assert.strictEqual(headers["x-amz-security-token"], "***")
    assert.match(headers["x-amz-date"], /^\d{8}T\d{6}Z$/)
    assert.match(headers["x-amz-content-sha256"], /^[0-9a-f]{64}$/)
  })

  it("have the place of a token that a predict would fetch", async () => {
    const headers = await render({
      parameters: { ...Drawbar.blueprint.parameters, oauth2_token_url: "https://api.cohere.ai/token" },
      credential: { client_id: "id", client_secret: Drawbar.secret },
      actions: [{ ...action, headers: {} }],
    })
    assert.strictEqual(headers.Authorization, "Bearer ***")
  })

  it("do not mask a secret that is empty", async () => {
    assert.strictEqual((await render({ credential: { cohere_key: "" } })).Authorization, "Bearer ")
    assert.strictEqual((await render({})).Authorization, "Bearer ***")
  })

  it("name Drawbar, and a predict sends the same", async () => {
    assert.strictEqual((await render({}))["User-Agent"], "Drawbar")
    const id = await register("plain", {})
    await Drawbar.ask(drawbar, "POST", `${ml}/models/${id}/_predict`, texts)
    const sent = drawbar.platform.requests.at(-1)
    assert.strictEqual(sent === undefined ? undefined : header(sent, "user-agent"), "Drawbar")
  })
})

interface Rendered {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

// Calls of one predict are under way side by side.
const byBody = (a: { readonly body?: string | undefined }, b: { readonly body?: string | undefined }) =>
  String(a.body).localeCompare(String(b.body))
