/** What holds of every call in OpenAI's API: limits, guardrails, interfaces, sections and headers. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import OpenAI, { APIUserAbortError, AuthenticationError, PermissionDeniedError, RateLimitError } from "openai"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ask } from "./AuthenticatedServer.ts"
import { chat, hello, start, template } from "./OpenAiServer.ts"

const failing = () => Answer.json({ error: { message: "down" } }, 500)

const create = (client: OpenAI) =>
  client.chat.completions.create({ model: "quota-model", messages: hello }).catch((error: unknown) => error)

async function* words() {
  for (;;) {
    yield `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x" } }] })}\n\n`
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe("what a connector or a model says in `openai`", () => {
  it("narrows the fields to those of accept, by name", async () => {
    await using at = await start({ connector: { openai: { accept: ["temperature", "top_k"] } } })
    const refused = await at.post(chat, { messages: hello, temperature: 1, seed: 5 })
    assert.strictEqual(refused.status, 400)
    assert.strictEqual(refused.json.error.param, "seed")
    assert.include(refused.json.error.message, "openai.accept")
    const taken = await at.post(chat, { messages: hello, temperature: 1, top_k: 3 })
    assert.strictEqual(taken.status, 200, taken.text)
    assert.deepEqual(at.sent(), { model: "gpt-test", messages: hello, temperature: 1, top_k: 3 })
  })

  it("drops what cannot be sent where the model allows that, and lists it", async () => {
    await using at = await start({
      connector: { openai: { accept: [] } },
      model: { openai: { drop_unsupported: true } },
    })
    const taken = await at.post(chat, { messages: hello, temperature: 1, seed: 5 })
    assert.strictEqual(taken.headers.get("x-drawbar-dropped"), "temperature, seed")
    assert.deepEqual(at.sent(), { model: "gpt-test", messages: hello })
  })

  it.each([
    ["a\r\nx-evil: 1", "a%0D%0Ax-evil:%201"],
    ["é🙂", "%C3%A9%F0%9F%99%82"],
    ["__proto__", "__proto__"],
  ])("lists %j as a header can hold it, and goes on serving", async (field, listed) => {
    await using at = await start({ model: { openai: { drop_unsupported: true } } })
    const body = `{"model":"m","messages":${JSON.stringify(hello)},${JSON.stringify(field)}:1}`
    const headers = { "content-type": "application/json" }
    const taken = await fetch(`${at.url}/v1${chat}`, { method: "POST", headers, body })
    assert.strictEqual(taken.status, 200, await taken.text())
    assert.strictEqual(taken.headers.get("x-drawbar-dropped"), listed)
    assert.isNull(taken.headers.get("x-evil"))
  })

  it.each([
    ["more fields than any request has", Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`f${i}`, 1]))],
    ["a field with a name without end", { ["f".repeat(100_000)]: 1 }],
  ])("refuses %s in few words", async (_, fields) => {
    await using at = await start({ model: { openai: { drop_unsupported: true } } })
    const refused = await at.post(chat, { messages: hello, ...fields })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.json.error.message, "are taken at most")
    assert.isBelow(refused.text.length, 400)
  })

  it("names few of many fields that cannot be sent", async () => {
    await using at = await start()
    const fields = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`f${i}`, 1]))
    const refused = await at.post(chat, { messages: hello, ...fields })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.json.error.message, "and 880 more")
    assert.isBelow(refused.text.length, 3_000)
  })

  it("says what to add where the provider has an API of its own", async () => {
    await using at = await start({ path: "/generate", template: '{"inputs": "${parameters.prompt}"}' })
    const refused = await at.post(chat, { messages: hello })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.json.error.message, '"openai": {"messages"')
    assert.strictEqual(at.platform.requests.length, 0)
  })

  it("names the parameter of the messages and the place of the answer", async () => {
    await using at = await start({
      path: "/generate",
      template: '{"inputs": "${parameters.prompt}", "max": ${parameters.max_tokens:-20}}',
      handler: () => Answer.json([{ generated_text: "Hi there" }]),
    })
    const put = await ask(at.url, undefined, "PUT", `/_plugins/_ml/models/${at.id}`, {
      openai: { messages: "prompt", content: "$[0].generated_text" },
    })
    assert.strictEqual(put.status, 200, put.text)
    const answer = await at.client.chat.completions.create({ model: "m", messages: hello, max_completion_tokens: 9 })
    assert.deepEqual(at.sent(), { inputs: "hello", max: 9 })
    assert.strictEqual(answer.choices[0]?.message.content, "Hi there")
    assert.strictEqual(answer.choices[0]?.finish_reason, "stop")
    assert.isAbove(answer.usage?.total_tokens ?? 0, 0)
    const refused = await at.post(chat, { messages: hello, temperature: 1 })
    assert.strictEqual(refused.json.error.param, "temperature")
    const shown = await ask(at.url, undefined, "GET", `/_plugins/_ml/models/${at.id}`)
    assert.deepEqual(shown.json.openai, { messages: "prompt", content: "$[0].generated_text" })
  })

  it("refuses a section that nothing reads", async () => {
    await using at = await start()
    for (const openai of [{ mesages: "x" }, { accept: ["response_filter"] }, { drop_unsupported: "yes" }]) {
      const put = await ask(at.url, undefined, "PUT", `/_plugins/_ml/models/${at.id}`, { openai })
      assert.strictEqual(put.status, 400, put.text)
      assert.include(put.text, "openai")
    }
  })
})

describe("a connector of OpenAI's own API", () => {
  it("is sent one bound of the answer, by the name that its template has", async () => {
    await using at = await start({
      template: '{"model": "g", "max_tokens": ${parameters.max_tokens}, "messages": ${parameters.messages}}',
      connector: { parameters: { max_tokens: 1024 } },
    })
    await at.post(chat, { messages: hello })
    assert.strictEqual(at.sent().max_tokens, 1024)
    await at.post(chat, { messages: hello, max_completion_tokens: 5 })
    assert.deepEqual(at.sent(), { model: "g", max_tokens: 5, messages: hello })
  })

  it("is sent texts as JSON where its template has no quotes around them", async () => {
    await using at = await start({
      template:
        '{"model": "g", "stop": ${parameters.stop}, "user": "${parameters.user}", "messages": ${parameters.messages}}',
    })
    const answer = await at.post(chat, { messages: hello, stop: "END", user: "u" })
    assert.strictEqual(answer.status, 200, answer.text)
    assert.deepEqual(at.sent(), { model: "g", stop: "END", user: "u", messages: hello })
  })

  it("may refuse an input that is too long, which has the code of OpenAI", async () => {
    await using at = await start({
      handler: () =>
        Answer.json({ type: "error", error: { message: "prompt is too long: 9 tokens > 8 maximum" } }, 400),
    })
    const refused = await at.post(chat, { messages: hello })
    assert.strictEqual(refused.status, 400)
    assert.strictEqual(refused.json.error.code, "context_length_exceeded")
    assert.strictEqual(refused.headers.get("x-should-retry"), "false")
  })

  it("may answer in parts", async () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "Hello" },
    ]
    await using at = await start({ handler: () => Answer.json({ choices: [{ message: { content } }] }) })
    const { message } = (await at.post(chat, { messages: hello })).json.choices[0]
    assert.deepInclude(message, { role: "assistant", content: "Hello", reasoning_content: "hm" })
  })
})

describe("what holds as in a predict", () => {
  it("reads the answer before the response filter and post-processing", async () => {
    await using at = await start({
      connector: { parameters: { response_filter: "$.choices[0].message.content" } },
      action: { post_process_function: 'return \'{"name": "x", "data": [1]}\';' },
    })
    const answer = await at.client.chat.completions.create({ model: "m", messages: hello })
    assert.strictEqual(answer.choices[0]?.message.content, "You said: hello")
  })

  it("checks the interface against what the provider is sent", async () => {
    const schema = {
      type: "object",
      properties: {
        parameters: {
          type: "object",
          properties: { messages: { type: "array", maxItems: 1 } },
          required: ["messages"],
          additionalProperties: false,
        },
      },
    }
    await using at = await start({ model: { interface: { input: JSON.stringify(schema) } } })
    assert.strictEqual((await at.post(chat, { messages: hello })).status, 200)
    const refused = await at.post(chat, { messages: [...hello, ...hello] })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.json.error.message, "input schema")
  })

  it("holds guardrails against the whole request and the whole answer", async () => {
    const guardrails = {
      type: "local_regex",
      input_guardrail: { regex: [".*hunter2.*"] },
      output_guardrail: { regex: [".*bomb.*"] },
    }
    await using at = await start({ model: { guardrails } })
    const refused = await at.post(chat, { messages: [{ role: "user", content: "hunter2" }] })
    assert.strictEqual(refused.status, 400)
    assert.strictEqual(refused.json.error.code, "content_filter")
    assert.strictEqual(at.platform.requests.length, 0)
    const answer = await at.post(chat, { messages: [{ role: "user", content: "bomb" }] })
    assert.strictEqual(answer.json.error.code, "content_filter")
    const stream = await at.post(chat, { messages: hello, stream: true })
    assert.strictEqual(stream.status, 400)
  })

  it("masks secrets that the provider repeats, in tool calls too", async () => {
    await using at = await start({
      handler: () =>
        Answer.json({
          choices: [
            {
              message: {
                content: "sk-upstream-secret",
                tool_calls: [{ id: "c", function: { name: "f", arguments: { key: "sk-upstream-secret" } } }],
              },
            },
          ],
        }),
    })
    const answer = await at.post(chat, { messages: hello })
    assert.notInclude(answer.text, "sk-upstream-secret")
    const [choice] = answer.json.choices
    assert.strictEqual(choice.message.tool_calls[0].type, "function")
    assert.isString(choice.message.tool_calls[0].function.arguments)
    assert.strictEqual(choice.finish_reason, "tool_calls")
    assert.isAbove(answer.json.usage.total_tokens, 0)
  })

  it("counts quotas, and says that repeating a request cannot help", async () => {
    await using at = await AuthenticatedServer.start(
      {
        admin: { roles: ["admin"] },
        app: { roles: ["application"], quota: { requests_per_minute: 1 } },
        reader: { roles: ["reader"] },
      },
      { handler: OpenAi.handler(), hosts: ["api.openai.com"] },
    )
    const made = await at.as("admin", "POST", "/_plugins/_ml/models/_register?deploy=true", {
      name: "quota-model",
      function_name: "remote",
      connector: {
        name: "c",
        version: 1,
        protocol: "http",
        credential: { key: "k" },
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: "https://api.openai.com/v1/chat/completions",
            headers: { Authorization: "Bearer ${credential.key}" },
            request_body: template,
          },
        ],
      },
    })
    assert.strictEqual(made.status, 200, made.text)
    const clientOf = (key: string) =>
      new OpenAI({ baseURL: `${at.url}/v1`, apiKey: key.replace("Bearer ", ""), maxRetries: 2 })
    const app = clientOf(at.keys.app)
    assert.notInstanceOf(await create(app), Error)
    const before = at.platform.requests.length
    const refused = await create(app)
    assert.instanceOf(refused, RateLimitError)
    assert.strictEqual(refused.code, "insufficient_quota")
    assert.strictEqual(refused.headers?.get("x-should-retry"), "false")
    assert.strictEqual(at.platform.requests.length, before)
    assert.instanceOf(await create(clientOf("nothing-known")), AuthenticationError)
    assert.instanceOf(await create(clientOf(at.keys.reader)), PermissionDeniedError)
    assert.deepEqual(
      (await app.models.list()).data.map(({ id }) => id),
      [made.json.model_id],
    )
  })

  it("is the same model by name, unless several have it", async () => {
    await using at = await start()
    const again = await ask(at.url, undefined, "GET", `/_plugins/_ml/models/${at.id}`)
    const second = await ask(at.url, undefined, "POST", "/_plugins/_ml/models/_register", {
      name: "m",
      function_name: "remote",
      model_group_id: again.json.model_group_id,
      connector: {
        name: "c",
        version: 1,
        protocol: "http",
        actions: [{ action_type: "predict", method: "POST", url: `${at.platform.origin}/`, request_body: "{}" }],
      },
    })
    assert.strictEqual(second.status, 200, second.text)
    const refused = await at.post(chat, { messages: hello })
    assert.strictEqual(refused.status, 404)
    assert.strictEqual(refused.json.error.code, "model_not_found")
    assert.strictEqual(refused.json.error.param, "model")
    assert.include(refused.json.error.message, at.id)
    assert.include(refused.json.error.message, second.json.model_id)
    assert.sameMembers(refused.json.error.candidates, [at.id, second.json.model_id])
  })
})

describe("time and retries", () => {
  it("takes the client's own timeout as the deadline", async () => {
    await using at = await start({ handler: () => Answer.hang })
    const late = await at.post(chat, { messages: hello }, { "x-stainless-timeout": "1" })
    assert.strictEqual(late.status, 504)
    assert.strictEqual(late.json.error.code, "timeout")
    assert.strictEqual(late.headers.get("x-should-retry"), "false")
  })

  it("lets the client retry what Drawbar has not, and only that", async () => {
    await using at = await start({ handler: failing })
    const client = new OpenAI({ baseURL: `${at.url}/v1`, apiKey: "unused", maxRetries: 2 })
    await client.chat.completions.create({ model: "m", messages: hello }).catch(() => {})
    assert.strictEqual(at.platform.requests.length, 3)
    await using patient = await start({
      handler: failing,
      connector: { client_config: { max_retry_times: 1, retry_backoff_millis: 1 } },
    })
    const retried = new OpenAI({ baseURL: `${patient.url}/v1`, apiKey: "unused", maxRetries: 2 })
    const error = await retried.chat.completions
      .create({ model: "m", messages: hello })
      .catch((cause: unknown) => cause)
    assert.instanceOf(error, OpenAI.APIError)
    assert.strictEqual(error.headers?.get("x-drawbar-attempts"), "2")
    assert.strictEqual(error.headers?.get("x-should-retry"), "false")
    assert.strictEqual(patient.platform.requests.length, 2)
  })

  it("stops its provider's stream when the client goes away", async () => {
    const aborted = Promise.withResolvers<void>()
    await using at = await start({
      handler: () => Answer.stream("text/event-stream", words(), { aborted: aborted.resolve }),
    })
    const stream = await at.client.chat.completions.create({ model: "m", messages: hello, stream: true })
    const read = async () => {
      for await (const _ of stream) stream.controller.abort()
    }
    const ended = await read().catch((cause: unknown) => cause)
    assert.isTrue(ended === undefined || ended instanceof APIUserAbortError)
    await aborted.promise
  })
})
