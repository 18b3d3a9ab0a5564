import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as LocalPlatform from "../src/LocalPlatform.ts"
import * as SentenceModel from "../src/SentenceModel.ts"

const key = "a key of this test"
let platform: LocalPlatform.LocalPlatform

beforeAll(async () => {
  platform = await LocalPlatform.start({ key })
})
afterAll(() => platform.close())

const post = async (body: string, authorization = `Bearer ${key}`) => {
  const response = await fetch(`${platform.url}/v1/embeddings`, { method: "POST", headers: { authorization }, body })
  return { status: response.status, body: await response.json() }
}

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)
const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))

const client = () => new OpenAI({ apiKey: key, baseURL: `${platform.url}/v1`, maxRetries: 0 })

describe("OpenAI's own client", () => {
  it("lists the model", async () => {
    const ids = (await client().models.list()).data.map(({ id }) => id)
    expect(ids).toEqual([SentenceModel.name])
  })

  it("gets vectors in the order of the texts, with similar vectors for similar texts, in either encoding", async () => {
    const input = ["The cat sleeps on the sofa.", "A kitten naps on the couch.", "Interest rates rose in March."]
    for (const encoding_format of ["float", "base64"] as const) {
      // The client decodes base64 only if it chose it itself, which it does by default.
      const answer = await client().embeddings.create({
        model: SentenceModel.name,
        input,
        ...(encoding_format === "float" ? { encoding_format } : {}),
      })
      const [cat = [], kitten = [], rates = []] = answer.data.map(({ embedding }) => embedding)
      expect(cat).toHaveLength(SentenceModel.dimensions)
      expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2])
      expect(cosine(cat, kitten)).toBeGreaterThan(cosine(cat, rates))
      expect(answer.usage.total_tokens).toBeGreaterThan(10)
    }
  })

  it("receives a typed error for a wrong key", async () => {
    const stranger = new OpenAI({ apiKey: "another", baseURL: `${platform.url}/v1`, maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })
})

describe("POST /v1/embeddings", () => {
  it("accepts one string like a list of one", async () => {
    const answer = await post(JSON.stringify({ model: SentenceModel.name, input: "bees" }))
    expect(answer).toMatchObject({ status: 200, body: { object: "list", data: [{ object: "embedding", index: 0 }] } })
  })

  it.each([
    ["no JSON", "{", 400, null],
    ["no model", `{"input":"x"}`, 400, "model"],
    ["another model", `{"model":"gpt","input":"x"}`, 404, "model"],
    ["no input", `{"model":"${SentenceModel.name}"}`, 400, "input"],
    ["an empty list", `{"model":"${SentenceModel.name}","input":[]}`, 400, "input"],
    ["an empty text", `{"model":"${SentenceModel.name}","input":["a",""]}`, 400, "input"],
    ["a number", `{"model":"${SentenceModel.name}","input":7}`, 400, "input"],
    [
      "an unknown encoding",
      `{"model":"${SentenceModel.name}","input":"x","encoding_format":"hex"}`,
      400,
      "encoding_format",
    ],
    ["other dimensions", `{"model":"${SentenceModel.name}","input":"x","dimensions":8}`, 400, "dimensions"],
  ])("rejects %s", async (_what, sent, status, param) => {
    const answer = await post(sent)
    expect(answer).toMatchObject({ status, body: { error: { type: "invalid_request_error", param } } })
  })

  it.each([
    ["none", ""],
    ["another scheme", "Basic abc"],
    ["another key", "Bearer abc"],
  ])("rejects %s as a key, and does not repeat it", async (_what, authorization) => {
    const answer = await post("{}", authorization)
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "invalid_api_key" } } })
    expect(JSON.stringify(answer.body)).not.toContain("abc")
  })
})

it("returns 404 for other paths", async () => {
  const response = await fetch(`${platform.url}/v1/chat`, { headers: { authorization: `Bearer ${key}` } })
  expect(response.status).toBe(404)
})
