/**
 * Connectors of protocol `google_cloud`: tokens from their own key, or from the server's identity, for Gemini and
 * embeddings.
 */
import { generateKeyPairSync, verify } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "vitest"
import type { StartOptions } from "../src/options/StartOptions.ts"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const host = "us-central1-aiplatform.googleapis.com"
const issuer = "oauth2.googleapis.com"
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }))
const email = "drawbar@p1.iam.gserviceaccount.com"
const scope = "https://www.googleapis.com/auth/cloud-platform"

const base = `https://\${parameters.location}-aiplatform.googleapis.com/v1/projects/\${parameters.project_id}/locations/\${parameters.location}/publishers/google/models/\${parameters.model}`

const gemini = {
  name: "Vertex Gemini",
  version: 1,
  protocol: "google_cloud",
  parameters: { project_id: "p1", location: "us-central1", model: "gemini-2.5-flash", scopes: scope },
  credential: { private_key: pem, client_email: email, token_uri: `https://${issuer}/token` },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `${base}:generateContent`,
      headers: { "Content-Type": "application/json" },
      request_body: '{"contents":[{"role":"user","parts":[{"text":"${parameters.prompt}"}]}]}',
    },
  ],
}
const embedding = {
  ...gemini,
  parameters: {
    ...gemini.parameters,
    model: "text-embedding-005",
    response_filter: "$.predictions[*].embeddings.values",
  },
  actions: [
    {
      ...gemini.actions[0],
      url: `${base}:predict`,
      request_body: '{"instances":[{"content":"${parameters.prompt}"}]}',
    },
  ],
}
const asServer = { ...gemini, parameters: { ...gemini.parameters, auth_mode: "adc" }, credential: {} }

const token = "ya29.an-access-token-of-a-test"
const candidate = (text: string) => ({ candidates: [{ content: { role: "model", parts: [{ text }] } }] })

/** One stub is Vertex AI, Google's issuer and the metadata service; `asked` lists the token requests. */
const start = async ({
  google,
  settings,
  ...issuing
}: {
  readonly google?: (port: number) => StartOptions["google"]
  readonly settings?: object
  readonly token?: Answer.Answer
} = {}) => {
  const requested: Array<Received.Received> = []
  const handler: Answer.Handler = (received) => {
    const path = Received.path(received)
    if (path === "/token" || path.startsWith("/computeMetadata/")) {
      requested.push(received)
      return issuing.token ?? Answer.json({ access_token: token, expires_in: 3_599, token_type: "Bearer" })
    }
    if (Received.header(received, "authorization") !== `Bearer ${token}`) return Answer.json({ error: {} }, 401)
    if (path.endsWith(":predict")) return Answer.json({ predictions: [{ embeddings: { values: [0.25, -1.5] } }] })
    return path.endsWith(":streamGenerateContent")
      ? Answer.stream("text/event-stream", [
          `data: ${JSON.stringify(candidate("Hel"))}\n\n`,
          `data: ${JSON.stringify({ candidates: [{ ...candidate("lo").candidates[0], finishReason: "STOP" }] })}\n\n`,
        ])
      : Answer.json(candidate("Hello"))
  }
  const platform = await StubPlatform.start({ handler, tls: [host, issuer] })
  const plain = await StubPlatform.start({ handler })
  const server = await InProcess.listen({
    connectTo: { [`${host}:443`]: `127.0.0.1:${platform.port}`, [`${issuer}:443`]: `127.0.0.1:${platform.port}` },
    certificateAuthorities: [platform.ca],
    ...(google === undefined ? {} : { google: google(plain.port) }),
    ...(settings === undefined ? {} : { settings: settings as never }),
  })
  const ask = (method: string, path: string, body?: unknown) =>
    Drawbar.ask(server as never as Drawbar.Drawbar, method, `${ml}${path}`, body)
  const register = async (connector: object): Promise<string> => {
    const { json, text } = await ask("POST", "/models/_register", { name: "m", function_name: "remote", connector })
    assert.isString(json.model_id, text)
    return json.model_id
  }
  return {
    platform,
    plain,
    asked: requested,
    ask,
    register,
    predict: (id: string) => ask("POST", `/models/${id}/_predict`, { parameters: { prompt: "hi" } }),
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
      await plain.close()
    },
  }
}

describe("a service account key", () => {
  it("fetches one token, which many calls share", async () => {
    await using server = await start()
    const id = await server.register(gemini)
    const first = await server.predict(id)
    assert.strictEqual(first.status, 200, first.text)
    assert.deepStrictEqual(first.json.inference_results[0].output[0].dataAsMap, candidate("Hello"))
    await Promise.all(Array.from({ length: 5 }, () => server.predict(id)))
    assert.strictEqual(server.asked.length, 1)
    const form = new URLSearchParams(server.asked[0]?.text)
    assert.strictEqual(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer")
    const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".")
    assert.isTrue(
      verify("RSA-SHA256", Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, "base64url")),
    )
    const reply = JSON.parse(Buffer.from(claims, "base64url").toString())
    assert.deepInclude(reply, { iss: email, aud: `https://${issuer}/token`, scope })
    assert.strictEqual(reply.exp - reply.iat, 3_600)
  })

  it.each([
    ["token_uri is left out", { private_key: pem, client_email: email }],
    ["line breaks are escaped", { private_key: pem.replaceAll("\n", "\\n"), client_email: email }],
  ])("works if its %s", async (_, credential) => {
    await using server = await start()
    const { status, text } = await server.predict(await server.register({ ...gemini, credential }))
    assert.strictEqual(status, 200, text)
  })

  it("embeds", async () => {
    await using server = await start()
    const { status, json, text } = await server.predict(await server.register(embedding))
    assert.strictEqual(status, 200, text)
    assert.include(text, "[0.25,-1.5]")
    assert.isArray(json.inference_results)
  })

  it("streams", async () => {
    await using server = await start()
    const id = await server.register(gemini)
    const response = await fetch(`${server.url}${ml}/models/${id}/_predict/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{"prompt":"hi"}}',
    })
    const text = await response.text()
    assert.strictEqual(response.status, 200, text)
    const pieces = Array.from(text.matchAll(/"content":"([^"]*)"/g), ([, piece]) => piece)
    assert.strictEqual(pieces.join(""), "Hello", text)
    const sent = server.platform.requests.at(-1)
    assert.include(sent?.target, ":streamGenerateContent?alt=sse")
  })

  it("that cannot be read is accepted, and reported at predict without its content", async () => {
    await using server = await start()
    const id = await server.register({ ...gemini, credential: { ...gemini.credential, private_key: "planted-no-key" } })
    const { status, text } = await server.predict(id)
    assert.strictEqual(status, 400)
    assert.include(text, "the private_key of the connector's credential cannot be read")
    assert.notInclude(text, "planted")
  })

  it("is never shown, and its token is not either", async () => {
    await using server = await start({
      token: Answer.json({ access_token: "another-token-of-a-test", expires_in: 60 }),
    })
    const { json } = await server.ask("POST", "/connectors/_create", gemini)
    const shown = await server.ask("GET", `/connectors/${json.connector_id}`)
    assert.notInclude(shown.text, "PRIVATE KEY")
    const refused = await server.predict(await server.register(gemini))
    assert.strictEqual(refused.status, 401)
    assert.notInclude(refused.text, "another-token")
  })

  it.each([
    [
      "another issuer",
      { credential: { ...gemini.credential, token_uri: "https://evil.example/token" } },
      "oauth2.googleapis.com",
    ],
    [
      "the issuer over http",
      { credential: { ...gemini.credential, token_uri: `http://${issuer}/token` } },
      "oauth2.googleapis.com",
    ],
    [
      "another port",
      { credential: { ...gemini.credential, token_uri: `https://${issuer}:8443/token` } },
      "oauth2.googleapis.com",
    ],
    [
      "a user",
      { credential: { ...gemini.credential, token_uri: `https://a@${issuer}/token` } },
      "oauth2.googleapis.com",
    ],
    [
      "an invalid issuer",
      { credential: { ...gemini.credential, token_uri: "soon" } },
      "Credential 'token_uri' cannot be used",
    ],
    ["no key", { credential: { client_email: email } }, "private_key and client_email are required for google_cloud"],
    ["no project", { parameters: { location: "l", model: "m" } }, "Missing project_id"],
    ["no model", { parameters: { project_id: "p", location: "us-central1" } }, "Missing model"],
    ["an invalid mode", { parameters: { ...gemini.parameters, auth_mode: "me" } }, "auth_mode must be one of"],
    [
      "invalid scopes",
      { parameters: { ...gemini.parameters, scopes: "everything" } },
      "scopes must be scopes of Google Cloud",
    ],
    ["the server's identity, which does not exist", asServer, "--google-credentials file or metadata"],
  ])("with %s is rejected on create and update of connectors and models", async (_, change, sentence) => {
    await using server = await start()
    const { json } = await server.ask("POST", "/connectors/_create", gemini)
    const model = await server.register(gemini)
    // An update merges, so a missing value must be removed by name.
    const whole = { ...gemini, ...change }
    const parameters = {
      ...Object.fromEntries(Object.keys(gemini.parameters).map((name) => [name, null])),
      ...whole.parameters,
    }
    const credential = {
      ...Object.fromEntries(Object.keys(gemini.credential).map((name) => [name, null])),
      ...whole.credential,
    }
    const answers = [
      await server.ask("POST", "/connectors/_create", whole),
      await server.ask("PUT", `/connectors/${json.connector_id}`, { parameters, credential }),
      await server.ask("POST", "/models/_register", { name: "m", function_name: "remote", connector: whole }),
      await server.ask("PUT", `/models/${model}`, { connector: { parameters, credential } }),
    ]
    for (const { status, text } of answers) {
      assert.strictEqual(status, 400, text)
      assert.include(JSON.parse(text).error.reason, sentence)
    }
    assert.strictEqual(server.asked.length, 0)
  })

  it("is rejected if the operator has disabled the protocol", async () => {
    const settings = { "plugins.ml_commons.connector.vertexai_enabled": false }
    await using server = await start({ settings })
    const { status, text } = await server.ask("POST", "/connectors/_create", gemini)
    assert.strictEqual(status, 400)
    assert.include(text, "plugins.ml_commons.connector.vertexai_enabled")
  })
})

const inFolder = async <A>(content: object, run: (file: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-google-"))
  try {
    const file = join(folder, "credentials.json")
    await writeFile(file, `\uFEFF${JSON.stringify(content)}`)
    return await run(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe("auth_mode adc", () => {
  // The operator's client does not use the connectors' trusted list.
  const settings = { "plugins.ml_commons.trusted_connector_endpoints_regex": ["*-aiplatform.googleapis.com"] }

  it.each([
    [
      "a service account key",
      { type: "service_account", client_email: email, private_key: pem, token_uri: `https://${issuer}/token` },
      "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    [
      "a user's refresh token",
      { type: "authorized_user", client_id: "c", client_secret: "s-of-a-test", refresh_token: "r-of-a-test" },
      "refresh_token",
    ],
  ])("calls with a token from the file of %s, outside the connectors' egress policy", (_, content, grant) =>
    inFolder(content, async (file) => {
      const environment = { GOOGLE_APPLICATION_CREDENTIALS: file }
      await using server = await start({ google: () => ({ source: "file", environment }), settings })
      const id = await server.register(asServer)
      const answers = [await server.predict(id), await server.predict(await server.register(asServer))]
      for (const { status, text } of answers) assert.strictEqual(status, 200, text)
      assert.strictEqual(server.asked.length, 1)
      assert.strictEqual(new URLSearchParams(server.asked[0]?.text).get("grant_type"), grant)
    }),
  )

  it("calls with a token from the metadata service, outside the connectors' egress policy", async () => {
    await using server = await start({
      google: (port) => ({ source: "metadata", environment: { GCE_METADATA_HOST: `127.0.0.1:${port}` } }),
      settings,
    })
    const { status, text } = await server.predict(await server.register(asServer))
    assert.strictEqual(status, 200, text)
    const [first] = server.asked
    assert.strictEqual(first && Received.header(first, "metadata-flavor"), "Google")
  })

  it.each([
    ["another host", "https://evil.example/v1:generateContent"],
    ["another Google service", "https://generativelanguage.googleapis.com/v1:generateContent"],
    ["a host with a similar name", "https://aiplatform.googleapis.com.evil.example/v1"],
    ["Vertex AI over http", "http://aiplatform.googleapis.com/v1:generateContent"],
  ])("sends no token to %s", async (_, url) => {
    await using server = await start({
      google: (port) => ({ source: "metadata", environment: { GCE_METADATA_HOST: `127.0.0.1:${port}` } }),
      settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
    })
    const connector = { ...asServer, actions: [{ ...asServer.actions[0], url }] }
    const { status, text } = await server.ask("POST", "/connectors/_create", connector)
    assert.strictEqual(status, 400)
    assert.include(text, "is not an endpoint of Vertex AI")
  })

  it.each([
    ["is missing", undefined, "cannot be read"],
    ["has another type", { type: "external_account" }, "must have type service_account or authorized_user"],
    ["lacks a part", { type: "authorized_user", client_id: "c" }, "has no client_id, client_secret and refresh_token"],
    [
      "is rejected",
      { type: "authorized_user", client_id: "c", client_secret: "s-of-a-test", refresh_token: "r-of-a-test" },
      "https://oauth2.googleapis.com gave no access token: status 400, invalid_grant",
    ],
  ])("reports why there is no token if its file %s", (_, content, sentence) =>
    inFolder(content ?? {}, async (file) => {
      const environment = { GOOGLE_APPLICATION_CREDENTIALS: content === undefined ? `${file}.not` : file }
      await using server = await start({
        google: () => ({ source: "file", environment }),
        token: Answer.json({ error: "invalid_grant", error_description: "r-of-a-test" }, 400),
      })
      const { status, text, json } = await server.predict(await server.register(asServer))
      assert.strictEqual(status, 400)
      assert.include(json.error.reason, `This server has no Google Cloud token: `)
      assert.include(json.error.reason, sentence)
      assert.notInclude(text, "r-of-a-test")
    }),
  )
})
