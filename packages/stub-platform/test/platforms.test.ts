import aws4 from "aws4"
import { assert, describe, expect, it } from "vitest"
import type * as Answer from "../src/Answer.ts"
import * as CohereStub from "../src/CohereStub.ts"
import * as StubEmbedding from "../src/StubEmbedding.ts"
import * as OpenAi from "../src/OpenAi.ts"
import * as SageMaker from "../src/SageMaker.ts"
import * as StubPlatform from "../src/StubPlatform.ts"

const post = async (handler: Answer.Handler, path: string, body: unknown, headers: Record<string, string> = {}) => {
  await using platform = await StubPlatform.start({ handler })
  const response = await fetch(platform.origin + path, { method: "POST", headers, body: JSON.stringify(body) })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const bearer = { authorization: "Bearer key" }

describe("OpenAI", () => {
  const handler = OpenAi.handler({ apiKey: "key" })

  it("completes a chat", async () => {
    const messages = [{ role: "user", content: "hello there" }]
    const { body } = await post(handler, "/v1/chat/completions", { model: "gpt-4o-mini", messages }, bearer)
    expect(body).toMatchObject({
      choices: [{ message: { role: "assistant", content: "You said: hello there" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    })
  })

  it("completes each prompt", async () => {
    const { body } = await post(handler, "/v1/completions", { model: "m", prompt: ["a", "b"] }, bearer)
    expect(body).toMatchObject({ choices: [{ text: "You said: a" }, { text: "You said: b" }] })
  })

  it("embeds each text, with the same vector of the requested size for the same text", async () => {
    const { body } = await post(
      handler,
      "/v1/embeddings",
      { model: "m", input: ["a", "b", "a"], dimensions: 3 },
      bearer,
    )
    const [a, b] = [StubEmbedding.of("a", 3), StubEmbedding.of("b", 3)]
    assert.notDeepEqual(a, b)
    expect(body).toMatchObject({ data: [{ embedding: a }, { embedding: b }, { embedding: a }] })
  })

  it.each([
    ["no key", {}, "/v1/embeddings", 401, null],
    ["another key", { authorization: "Bearer other" }, "/v1/embeddings", 401, "invalid_api_key"],
    ["another path", bearer, "/v2/embeddings", 404, null],
  ] as const)("rejects %s in the vendor's words", async (_name, headers, path, status, code) => {
    const answer = await post(handler, path, {}, headers)
    assert.strictEqual(answer.status, status)
    expect(answer.body).toMatchObject({ error: { code, type: "invalid_request_error" } })
  })
})

describe("Cohere", () => {
  const handler = CohereStub.handler({ apiKey: "key" })

  it("embeds texts", async () => {
    const { body } = await post(handler, "/v1/embed", { texts: ["a", "b"], input_type: "search_document" }, bearer)
    expect(body).toMatchObject({
      embeddings: [StubEmbedding.of("a"), StubEmbedding.of("b")],
      response_type: "embeddings_floats",
    })
  })

  it("embeds texts in the requested types", async () => {
    const { body } = await post(handler, "/v1/embed", { texts: ["a"], embedding_types: ["int8", "ubinary"] }, bearer)
    expect(body).toMatchObject({
      embeddings: { int8: [{ length: 8 }], ubinary: [{ length: 1 }] },
      response_type: "embeddings_by_type",
    })
  })

  it("rejects another key", async () => {
    const answer = await post(handler, "/v1/embed", {}, { authorization: "Bearer other" })
    expect(answer).toMatchObject({ status: 401, body: { message: "invalid api token" } })
  })
})

describe("SageMaker", () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" }
  const scope = { region: "us-west-2", service: "sagemaker" }
  const path = "/endpoints/e/invocations"
  const host = "runtime.sagemaker.us-west-2.amazonaws.com"

  /** The signature is the example's own, either intact or modified in one place. */
  const invoke = async (spoil: (headers: Record<string, string>) => Record<string, string>, body = '["a","b"]') => {
    const extraHeaders = { extraHeadersToIgnore: {}, extraHeadersToInclude: {} }
    const request = {
      method: "POST",
      path,
      body: Buffer.from('["a","b"]'),
      headers: { host },
      ...scope,
      ...extraHeaders,
    }
    const { headers } = aws4.sign(request, credentials)
    const answer = await SageMaker.handler({ ...credentials, ...scope })({
      method: "POST",
      target: path,
      headers: Object.entries(spoil(headers)).map(([name, value]) => [name, String(value)]),
      bytes: Buffer.from(body),
      text: body,
      remotePort: 0,
    })
    return answer.kind === "response" ? answer : assert.fail(answer.kind)
  }

  it("embeds a list for a signed request", async () => {
    const answer = await invoke((headers) => headers)
    assert.strictEqual(answer.status, 200)
    assert.lengthOf(JSON.parse(String(answer.body)), 2)
  })

  it.each([
    [
      "no authorization",
      (headers: Record<string, string>) => ({ host: headers["host"] ?? "" }),
      "MissingAuthenticationTokenException",
    ],
    [
      "another host",
      (headers: Record<string, string>) => ({ ...headers, host: "elsewhere" }),
      "InvalidSignatureException",
    ],
    [
      "another date",
      (headers: Record<string, string>) => ({ ...headers, "X-Amz-Date": "20200101T000000Z" }),
      "InvalidSignatureException",
    ],
    [
      "another token",
      (headers: Record<string, string>) => ({ ...headers, "X-Amz-Security-Token": "other" }),
      "UnrecognizedClientException",
    ],
    [
      "an x-amz header that is not signed",
      (headers: Record<string, string>) => ({ ...headers, "x-amz-target": "x" }),
      "InvalidSignatureException",
    ],
    [
      "a hash of another body",
      (headers: Record<string, string>) => ({ ...headers, "x-amz-content-sha256": "required" }),
      "InvalidSignatureException",
    ],
  ])("rejects %s", async (_name, spoil, type) => {
    const answer = await invoke(spoil)
    assert.deepStrictEqual([answer.status, answer.headers["x-amzn-errortype"]], [403, type])
  })

  it("rejects another body", async () => {
    assert.strictEqual((await invoke((headers) => headers, "[]")).status, 403)
  })
})
