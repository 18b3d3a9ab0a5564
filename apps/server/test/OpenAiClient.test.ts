/** The unmodified client of OpenAI against a provider that speaks OpenAI's own API. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import OpenAI, { APIError, BadRequestError, NotFoundError, RateLimitError } from "openai"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import { register, settings } from "./Loopback.ts"

const chatTemplate = '{"model": "gpt-test", "messages": ${parameters.messages}}'
const bearer = { headers: { Authorization: "Bearer ${credential.key}" }, credential: { key: "sk-upstream" } }

const start = async (handler: Answer.Handler = OpenAi.handler()) => {
  const platform = await StubPlatform.start({ handler })
  const server = await InProcess.listen({ settings })
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 })
  const chat = async (request_body = chatTemplate, connector: object = {}, model: object = {}) => {
    const made = await ask(server.url, undefined, "POST", "/_plugins/_ml/models/_register?deploy=true", {
      name: "chat-model",
      function_name: "remote",
      ...model,
      connector: {
        name: "c",
        version: 1,
        protocol: "http",
        credential: bearer.credential,
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: `${platform.origin}/v1/chat/completions`,
            headers: bearer.headers,
            request_body,
          },
        ],
        ...connector,
      },
    })
    assert.strictEqual(made.status, 200, made.text)
    return String(made.json.model_id)
  }
  const sent = () => JSON.parse(platform.requests.at(-1)?.text ?? "{}")
  return {
    platform,
    server,
    client,
    chat,
    sent,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}

const hello = [{ role: "user" as const, content: "hello" }]

describe("chat completions in OpenAI's own API", () => {
  it("answers by id and by name, and sends what the template has no place for", async () => {
    await using at = await start()
    const id = await at.chat()
    const { data, response } = await at.client.chat.completions
      .create({ model: id, messages: hello, temperature: 0.25, max_tokens: 7, tools: [], user: "u" })
      .withResponse()
    assert.strictEqual(data.choices[0]?.message.content, "You said: hello")
    assert.deepEqual(at.sent(), {
      model: "gpt-test",
      messages: hello,
      temperature: 0.25,
      max_tokens: 7,
      tools: [],
      user: "u",
    })
    assert.strictEqual(response.headers.get("x-drawbar-model"), id)
    assert.strictEqual(response.headers.get("x-drawbar-attempts"), "1")
    assert.isNotNull(response.headers.get("x-request-id"))
    const named = await at.client.chat.completions.create({ model: "chat-model", messages: hello })
    assert.strictEqual(named.choices[0]?.finish_reason, "stop")
  })

  it("streams with a usage chunk", async () => {
    await using at = await start()
    const model = await at.chat()
    const stream = await at.client.chat.completions.create({
      model,
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ""
    const finish: Array<string> = []
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ""
      const reason = chunk.choices[0]?.finish_reason
      if (reason != null) finish.push(reason)
      last = chunk
    }
    assert.strictEqual(text, "You said: hello")
    assert.deepEqual(finish, ["stop"])
    assert.deepEqual(last?.choices, [])
    assert.isAbove(last?.usage?.total_tokens ?? 0, 0)
    assert.strictEqual(at.sent().stream, true)
    assert.deepEqual(at.sent().stream_options, { include_usage: true })
  })

  it("refuses by name what the template fixes otherwise, and drops it where the model says so", async () => {
    await using at = await start()
    const template = '{"model": "gpt-test", "temperature": 0, "messages": ${parameters.messages}}'
    const strict = await at.chat(template)
    const refused = await at.client.chat.completions
      .create({ model: strict, messages: hello, temperature: 1 })
      .catch((error: unknown) => error)
    assert.instanceOf(refused, BadRequestError)
    assert.strictEqual(refused.param, "temperature")
    assert.include(refused.message, "temperature")
    assert.strictEqual(at.platform.requests.length, 0)
    const lenient = await at.chat(template, {}, { name: "lenient", openai: { drop_unsupported: true } })
    const { response } = await at.client.chat.completions
      .create({ model: lenient, messages: hello, temperature: 1 })
      .withResponse()
    assert.strictEqual(response.headers.get("x-drawbar-dropped"), "temperature")
    assert.strictEqual(at.sent().temperature, 0)
  })

  it("names a model that is not there, with those that are near", async () => {
    await using at = await start()
    const id = await at.chat()
    const error = await at.client.chat.completions
      .create({ model: "chat-modle", messages: hello })
      .catch((cause: unknown) => cause)
    assert.instanceOf(error, NotFoundError)
    assert.strictEqual(error.code, "model_not_found")
    assert.include(error.message, "chat-model")
    const models = await at.client.models.list()
    assert.deepEqual(
      models.data.map((model) => model.id),
      [id],
    )
    assert.strictEqual((await at.client.models.retrieve(id)).id, id)
    assert.strictEqual(
      (await ask(at.server.url, undefined, "GET", "/v1/models/a/b/c")).json.error.code,
      "model_not_found",
    )
    assert.strictEqual((await ask(at.server.url, undefined, "GET", "/v1/nothing")).json.error.code, "unknown_url")
  })

  it("passes the provider's refusals on in OpenAI's classes", async () => {
    await using at = await start(() =>
      Answer.json({ error: { message: "slow down", type: "rate_limit" } }, 429, { "retry-after": "7" }),
    )
    const model = await at.chat()
    const error = await at.client.chat.completions.create({ model, messages: hello }).catch((cause: unknown) => cause)
    assert.instanceOf(error, RateLimitError)
    assert.strictEqual(error.headers?.get("retry-after"), "7")
    assert.strictEqual(error.headers?.get("retry-after-ms"), "7000")
  })

  it("reports a failure after the first byte as a chunk", async () => {
    await using at = await start(() =>
      Answer.stream("text/event-stream", [
        'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
        'data: {"error":{"message":"out of luck","type":"server_error"}}\n\n',
      ]),
    )
    const model = await at.chat()
    const stream = await at.client.chat.completions.create({ model, messages: hello, stream: true })
    let text = ""
    const error = await (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
    })().catch((cause: unknown) => cause)
    assert.strictEqual(text, "Hel")
    assert.instanceOf(error, APIError)
    assert.include(error.message, "out of luck")
  })
})

describe("embeddings", () => {
  const template = '{"model": "e", "input": ${parameters.input}}'
  const functions = {
    pre_process_function: "connector.pre_process.openai.embedding",
    post_process_function: "connector.post_process.openai.embedding",
  }

  it("gives the same vectors as base64, which the client asks for, and as numbers", async () => {
    await using at = await start()
    const model = await register(at.server.url, at.platform.port, {
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: `${at.platform.origin}/v1/embeddings`,
          headers: { Authorization: "Bearer x" },
          request_body: template,
          ...functions,
        },
      ],
    } as object)
    const input = ["one", "two"]
    const packed = await at.client.embeddings.create({ model, input, dimensions: 4 })
    const floats = await at.client.embeddings.create({ model, input, dimensions: 4, encoding_format: "float" })
    assert.deepEqual(
      packed.data.map(({ index }) => index),
      [0, 1],
    )
    for (const [i, { embedding }] of floats.data.entries())
      assert.deepEqual([...(packed.data[i]?.embedding ?? [])], [...Float32Array.from(embedding)])
    assert.strictEqual(floats.data[0]?.embedding.length, 4)
    assert.isAbove(floats.usage.prompt_tokens, 0)
    assert.strictEqual(at.sent().dimensions, 4)
    const one = await at.client.embeddings.create({ model, input: "one" })
    assert.strictEqual(one.data.length, 1)
    const tokens = await at.client.embeddings.create({ model, input: [[1, 2]] }).catch((cause: unknown) => cause)
    assert.instanceOf(tokens, BadRequestError)
    assert.include(tokens.message, "check_embedding_ctx_length")
  })
})
