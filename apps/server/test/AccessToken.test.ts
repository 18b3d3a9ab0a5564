/** Connectors for upstreams that require a fetched access token. */
import { generateKeyPairSync, verify } from "node:crypto"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }))

const chat = {
  name: "Chat",
  version: 1,
  protocol: "http",
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/chat",
      request_body: '{"q":"${parameters.q}"}',
    },
  ],
}

/** One host is both the upstream and its token issuer. */
const start = async (token: (form: URLSearchParams, basic: string | undefined) => Answer.Answer) => {
  let issued = 0
  const drawbar = await Drawbar.start((received) => {
    const authorization = Received.header(received, "authorization")
    if (Received.path(received) !== "/oauth/token")
      return authorization === "Bearer token-1" || authorization === "Bearer token-2"
        ? Answer.json({ by: authorization })
        : Answer.json({ error: `no good token: ${authorization}` }, 401)
    issued++
    return token(new URLSearchParams(received.text), authorization)
  })
  return { drawbar, issued: () => issued }
}

const register = async (drawbar: Drawbar.Drawbar, connector: object): Promise<string> => {
  const { json, text } = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector,
  })
  assert.isString(json.model_id, text)
  return json.model_id
}

const predict = (drawbar: Drawbar.Drawbar, id: string) =>
  Drawbar.ask(drawbar, "POST", `${ml}/models/${id}/_predict`, { parameters: { q: "x" } })

const client = {
  ...chat,
  parameters: { oauth2_token_url: "https://api.cohere.ai/oauth/token", oauth2_scope: "chat" },
  credential: { client_id: "the client", client_secret: "a+secret/of:a test" },
}

describe("client credentials", () => {
  it("send a token, which is cached for its lifetime", async () => {
    const { drawbar, issued } = await start((form, basic) => {
      assert.deepStrictEqual(Object.fromEntries(form), { grant_type: "client_credentials", scope: "chat" })
      const [id, secret] = Buffer.from(basic?.slice("Basic ".length) ?? "", "base64")
        .toString()
        .split(":")
      assert.deepStrictEqual(
        [id, secret].map((part) => new URLSearchParams(`x=${part}`).get("x")),
        ["the client", "a+secret/of:a test"],
      )
      return Answer.json({ access_token: "token-1", token_type: "Bearer", expires_in: 3_600 })
    })
    await using _ = drawbar
    const id = await register(drawbar, client)
    const first = await predict(drawbar, id)
    assert.strictEqual(first.status, 200, first.text)
    await Promise.all(Array.from({ length: 10 }, () => predict(drawbar, id)))
    assert.strictEqual(issued(), 1)
  })

  it("fetch another token shortly before the first expires", async () => {
    const { drawbar, issued } = await start(() => Answer.json({ access_token: `token-${issued()}`, expires_in: 60 }))
    await using _ = drawbar
    const id = await register(drawbar, client)
    await predict(drawbar, id)
    assert.strictEqual((await predict(drawbar, id)).status, 200)
    assert.strictEqual(issued(), 2)
  })

  it.each([
    ["for five minutes", '"token-1", "expires_in": 300.0', 200],
    ["with an infinite lifetime", '"token-1", "expires_in": 1e308', 200],
    ["with a line break", '"token-1\\r\\nX-Other: 1"', 400],
    ["with a character that headers cannot contain", '"token-\u2603"', 400],
  ])("handle a token %s", async (_, token, status) => {
    const { drawbar, issued } = await start(() => ({
      kind: "response",
      status: 200,
      headers: {},
      body: `{"access_token":${token}}`,
    }))
    await using _drawbar = drawbar
    const id = await register(drawbar, client)
    const answers = [await predict(drawbar, id), await predict(drawbar, id)]
    assert.deepStrictEqual(
      answers.map((answer) => answer.status),
      [status, status],
      answers[0]?.text,
    )
    // An invalid token is not cached.
    assert.strictEqual(issued(), status === 200 ? 1 : 2)
    if (status === 400) assert.include(answers[0]?.text, "its token has a character that no header carries")
  })

  it("mask a token that the upstream echoes", async () => {
    const { drawbar } = await start(() => Answer.json({ access_token: "an-old-token-of-a-test", expires_in: 3_600 }))
    await using _ = drawbar
    const { status, text } = await predict(drawbar, await register(drawbar, client))
    assert.strictEqual(status, 401)
    assert.include(text, "Bearer ***")
    assert.notInclude(text, "an-old-token")
  })

  it("report a rejection without the secret", async () => {
    const { drawbar } = await start(() => Answer.json({ error: "invalid_client", error_description: "who?" }, 401))
    await using _ = drawbar
    const { status, text, json } = await predict(drawbar, await register(drawbar, client))
    assert.strictEqual(status, 400)
    assert.strictEqual(
      json.error.reason,
      "https://api.cohere.ai gave no access token: status 401, invalid_client, who?",
    )
    assert.notInclude(text, "a+secret")
  })

  it.each(["https://evil.example/token", "soon"])("reject an untrusted issuer: %s", async (oauth2_token_url) => {
    const { drawbar } = await start(() => Answer.json({}))
    await using _ = drawbar
    const { status, text } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, {
      ...client,
      parameters: { oauth2_token_url },
    })
    assert.strictEqual(status, 400, text)
  })

  it("name a missing part", async () => {
    const { drawbar } = await start(() => Answer.json({}))
    await using _ = drawbar
    const { json } = await predict(drawbar, await register(drawbar, { ...client, credential: { client_id: "a" } }))
    assert.include(json.error.reason, "needs client_id and client_secret")
  })
})

describe("a Google service account", () => {
  const keyFile = {
    type: "service_account",
    client_email: "drawbar@project.iam.gserviceaccount.com",
    private_key_id: "key-1",
    private_key: pem,
    token_uri: "https://api.cohere.ai/oauth/token",
  }

  it("requests a token with a signed assertion", async () => {
    const { drawbar } = await start((form) => {
      const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".")
      const isSigned = verify(
        "RSA-SHA256",
        Buffer.from(`${head}.${claims}`),
        publicKey,
        Buffer.from(signature, "base64url"),
      )
      const output = JSON.parse(Buffer.from(claims, "base64url").toString())
      const isRight =
        isSigned &&
        output.iss === keyFile.client_email &&
        output.aud === keyFile.token_uri &&
        output.scope === "https://www.googleapis.com/auth/cloud-platform" &&
        output.exp - output.iat === 3_600
      return isRight
        ? Answer.json({ access_token: "token-1", expires_in: 3_599 })
        : Answer.json({ error: "invalid_grant" }, 400)
    })
    await using _ = drawbar
    const id = await register(drawbar, { ...chat, credential: { google_service_account: JSON.stringify(keyFile) } })
    const { status, text } = await predict(drawbar, id)
    assert.strictEqual(status, 200, text)
  })

  it.each([
    ["words", "is not the JSON of a key file"],
    [JSON.stringify({ ...keyFile, token_uri: "planted-no-url" }), "its token_uri is not a URL: the scheme is missing"],
    [JSON.stringify({ ...keyFile, token_uri: `${keyFile.token_uri}\n` }), "it has a line break at its end"],
    [JSON.stringify({ ...keyFile, token_uri: "https://planted.example/token" }), "trusted connector endpoint"],
  ])("is rejected on create if its key file has no issuer, without repeating it", async (file, sentence) => {
    const { drawbar } = await start(() => Answer.json({}))
    await using _ = drawbar
    const { status, text } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, {
      ...chat,
      credential: { google_service_account: file },
    })
    assert.strictEqual(status, 400)
    assert.include(text, sentence)
    assert.notInclude(text, "planted-")
  })

  it("reports an unreadable key at predict, without repeating it", async () => {
    const { drawbar } = await start(() => Answer.json({}))
    await using _ = drawbar
    const google_service_account = JSON.stringify({ ...keyFile, private_key: "planted-no-key" })
    const { text } = await predict(
      drawbar,
      await register(drawbar, { ...chat, credential: { google_service_account } }),
    )
    assert.include(text, "cannot be read")
    assert.notInclude(text, "planted")
  })
})
