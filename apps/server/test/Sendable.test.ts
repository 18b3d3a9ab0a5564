/**
 * Requests that could never be sent are rejected on create and update of connectors and models, because each predict
 * would fail.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Certificate from "@drawbar/stub-platform/Certificate"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const key = "sk-of-a-test-0123456789"

const action = {
  action_type: "predict",
  method: "POST",
  url: "https://api.cohere.ai/v1/chat",
  headers: { Authorization: "Bearer ${credential.key}" },
  request_body: '{"q":"${parameters.q}"}',
}
const plain = { name: "c", version: 1, protocol: "http", parameters: {}, credential: { key }, actions: [action] }
const aws = {
  ...plain,
  protocol: "aws_sigv4",
  parameters: { region: "us-east-1", service_name: "bedrock" },
  credential: { access_key: "AKIDEXAMPLE", secret_key: "s-of-a-test", key },
}
const withUrl = (url: string, parameters = {}) => ({ parameters, actions: [{ ...action, url }] })
const withHeader = (headers: object, change = {}) => ({ ...change, actions: [{ ...action, headers }] })

/** Description, a valid connector, the change that makes it invalid, and the parts of the error message. */
const kinds: ReadonlyArray<readonly [string, typeof plain, object, ReadonlyArray<string>]> = [
  [
    "a key with a line break at its end",
    plain,
    { credential: { key: `${key}\n` } },
    ["PREDICT at [/actions/0]", "'Authorization'", "credential 'key'", "a line break at character 24 of 24"],
  ],
  ["a key with a NUL", plain, { credential: { key: "a\u0000b" } }, ["'key'", "a NUL at character 2 of 3"]],
  ["a key with a snowman", plain, { credential: { key: "a☃" } }, ["'key'", "U+2603 at character 2 of 2"]],
  [
    "a header with a line break",
    plain,
    withHeader({ "X-A": "a\r\nX-B: c" }),
    ["PREDICT at [/actions/0]", "'X-A'", "a line break at character 2"],
  ],
  [
    "a parameter with a line break that fills a header",
    plain,
    withHeader({ "X-A": "v ${parameters.a}" }, { parameters: { a: "one\ntwo" } }),
    ["PREDICT at [/actions/0]", "'X-A'", "Parameter 'a'", "a line break at character 4 of 7"],
  ],
  [
    "a session token with a line break",
    aws,
    { credential: { session_token: "IQoJ//+abc==\n" } },
    ["'session_token'", "a line break at character 13 of 13"],
  ],
  [
    "an access key with a space",
    aws,
    { credential: { access_key: "AKID EXAMPLE" } },
    ["'access_key'", "a space at character 5"],
  ],
  ["an empty secret key", aws, { credential: { secret_key: "" } }, ["'secret_key'", "is empty"]],
  [
    "a secret key that is a placeholder",
    aws,
    { credential: { secret_key: "<PLEASE ADD YOUR AWS SECRET KEY HERE>" } },
    ["'secret_key'", "is a placeholder that is not filled in"],
  ],
  [
    "a signed header that is not ASCII",
    aws,
    { credential: { key: "é" } },
    ["'Authorization'", "'key'", "U+00E9 at character 1 of 1"],
  ],
  ["a region with a space", aws, { parameters: { region: "us east 1" } }, ["Parameter 'region'", '"us east 1"']],
  [
    "a region with a line break",
    aws,
    { parameters: { region: "us-east-1\n" } },
    ["Parameter 'region'", '"us-east-1\\n"'],
  ],
  ["a region in capitals", aws, { parameters: { region: "US-EAST-1" } }, ["Parameter 'region'", "such as us-east-1"]],
  ["an empty region", aws, { parameters: { region: "" } }, ["Parameter 'region'", "it is empty"]],
  [
    "a region that is a placeholder",
    aws,
    { parameters: { region: "<PLEASE ADD YOUR AWS REGION>" } },
    ["Parameter 'region'", "<PLEASE ADD YOUR AWS REGION> is a placeholder that is not filled in"],
  ],
  ["a region in the credential", aws, { parameters: { region: null }, credential: { region: "a b" } }, ["'region'"]],
  ["a service with a space", aws, { parameters: { service_name: "bed rock" } }, ["Parameter 'service_name'"]],
  [
    "a URL with a space at its end",
    plain,
    withUrl("https://api.cohere.ai/v1/chat "),
    ["PREDICT at [/actions/0]", "it has a space at its end", 'resolved to: "https://api.cohere.ai/v1/chat "'],
  ],
  [
    "a URL whose parameter has a line break at its end",
    plain,
    withUrl("https://${parameters.endpoint}", { endpoint: "api.cohere.ai/v1\n" }),
    [
      "PREDICT at [/actions/0]",
      "it has a line break at its end",
      "The problem is in parameter 'endpoint'",
      '"https://api.cohere.ai/v1\\n"',
    ],
  ],
  [
    "a URL without its scheme",
    plain,
    withUrl("${parameters.endpoint}/v1", { endpoint: "api.cohere.ai" }),
    ["the scheme is missing", "The problem is in parameter 'endpoint'", '"api.cohere.ai/v1"'],
  ],
  [
    "a URL with two schemes",
    plain,
    withUrl("https://${parameters.endpoint}/v1", { endpoint: "https://api.cohere.ai" }),
    ["its scheme occurs twice", "The problem is in parameter 'endpoint'"],
  ],
  [
    "a URL with a placeholder",
    plain,
    withUrl("https://<PLEASE ADD YOUR HOST>/v1"),
    ["<PLEASE ADD YOUR HOST> is a placeholder that is not filled in"],
  ],
  [
    "a URL with a password",
    plain,
    withUrl("https://a:pa55word@api.cohere.ai/v1"),
    ["it contains a user or a password", '"https://***@api.cohere.ai/v1"'],
  ],
  [
    "a default that contains a placeholder",
    plain,
    { actions: [{ ...action, request_body: '{"q":"${parameters.q:-${parameters.r}}"}' }] },
    ["PREDICT at [/actions/0]", "contains a placeholder", 'add "q"'],
  ],
  [
    "an invalid issuer",
    plain,
    { parameters: { oauth2_token_url: "soon" }, credential: { client_id: "a", client_secret: "b" } },
    ["Parameter 'oauth2_token_url'", "the scheme is missing", '"soon"'],
  ],
  [
    "an issuer with a space at its end",
    plain,
    {
      parameters: { oauth2_token_url: "https://api.cohere.ai/t " },
      credential: { client_id: "a", client_secret: "b" },
    },
    ["Parameter 'oauth2_token_url'", "it has a space at its end"],
  ],
  [
    "a key file with an invalid issuer",
    plain,
    {
      credential: {
        google_service_account: JSON.stringify({ client_email: "a", private_key: "b", token_uri: "soon" }),
      },
    },
    ["'google_service_account'", "token_uri is not a URL"],
  ],
  [
    "mutual TLS without a certificate",
    plain,
    { client_config: { mutual_tls_enabled: true } },
    ["client_cert_pem and client_key_pem"],
  ],
]

describe("a request that cannot be sent is rejected on create and update", () => {
  let drawbar: Drawbar.Drawbar
  beforeAll(async () => {
    drawbar = await Drawbar.start(() => Answer.json({ ok: true }))
  })
  afterAll(() => drawbar[Symbol.asyncDispose]())

  const ways = async (fine: typeof plain, change: object) => {
    const whole = merged(fine, change)
    const created = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, fine)
    assert.strictEqual(created.status, 200, created.text)
    const model = { name: "m", function_name: "remote" }
    const registered = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, { ...model, connector: fine })
    assert.strictEqual(registered.status, 200, registered.text)
    return {
      create: await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, whole),
      update: await Drawbar.ask(drawbar, "PUT", `${ml}/connectors/${created.json.connector_id}`, change),
      register: await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, { ...model, connector: whole }),
      "model update": await Drawbar.ask(drawbar, "PUT", `${ml}/models/${registered.json.model_id}`, {
        connector: change,
      }),
    }
  }

  it.each(kinds)("%s", async (_, fine, change, sentences) => {
    for (const [way, { status, text, json }] of Object.entries(await ways(fine, change))) {
      assert.strictEqual(status, 400, `${way}: ${text}`)
      for (const sentence of sentences) assert.include(json.error.reason, sentence, way)
      assert.notMatch(text, /sk-of-a-test|s-of-a-test|IQoJ|pa55word/, way)
    }
  })

  it("mutual TLS over http", async () => {
    await Drawbar.ask(drawbar, "PUT", "/_cluster/settings", {
      persistent: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://api.cohere.ai/.*$"] },
    })
    const client = Certificate.issue(["client.example"])
    const fine = { ...plain, credential: { client_cert_pem: client.certificate, client_key_pem: client.key, key } }
    const change = { ...withUrl("http://api.cohere.ai/v1"), client_config: { mutual_tls_enabled: true } }
    for (const [way, { status, text }] of Object.entries(await ways(fine as never, change))) {
      assert.strictEqual(status, 400, `${way}: ${text}`)
      assert.include(text, "PREDICT at [/actions/0]: mutual_tls_enabled needs a URL with https", way)
    }
    await Drawbar.ask(drawbar, "PUT", "/_cluster/settings", {
      persistent: { "plugins.ml_commons.connector.mutual_tls_enabled": false },
    })
    const off = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, {
      ...fine,
      client_config: { mutual_tls_enabled: true },
    })
    assert.include(off.text, "plugins.ml_commons.connector.mutual_tls_enabled")
  })

  it("keeps a multi-line certificate, a tab in a header and Latin-1 unchanged", async () => {
    const { status, text } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, {
      ...plain,
      credential: { key: "é\t1", unused: "a\nb" },
    })
    assert.strictEqual(status, 200, text)
  })
})

/** The semantics of an update: parameters and secrets one by one, `null` removes, other values replace. */
const merged = (fine: typeof plain, change: Record<string, any>) => ({
  ...fine,
  ...change,
  parameters: { ...fine.parameters, ...change["parameters"] },
  credential: { ...fine.credential, ...change["credential"] },
})
