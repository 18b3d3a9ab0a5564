/** The endpoints of OpenAI's API beside chat, and what is wrong with their bodies. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import { chat, hello, start } from "./OpenAiServer.ts"

describe("the endpoints beside chat", () => {
  it("list an alias, and call the model behind it", async () => {
    await using at = await start()
    const alias = await ask(at.url, undefined, "PUT", "/_plugins/_drawbar/aliases/best", {
      targets: [{ model_id: at.id }],
    })
    assert.isBelow(alias.status, 300, alias.text)
    assert.strictEqual((await at.client.models.retrieve("best")).id, "best")
    const listed = await at.client.models.list()
    assert.include(
      listed.data.map(({ id }) => id),
      "best",
    )
    const { data, response } = await at.client.chat.completions
      .create({ model: "best", messages: hello })
      .withResponse()
    assert.strictEqual(data.choices[0]?.finish_reason, "stop")
    assert.strictEqual(response.headers.get("x-drawbar-model"), at.id)
  })

  it("ranks documents in the shape of Cohere's v2", async () => {
    await using at = await start({
      path: "/v2/rerank",
      template: '{"query": "${parameters.query}", "documents": ${parameters.documents}}',
      action: {
        pre_process_function: "connector.pre_process.cohere.rerank",
        post_process_function: "connector.post_process.cohere.rerank",
      },
      handler: () =>
        Answer.json({
          results: [
            { index: 1, relevance_score: 0.9 },
            { index: 0, relevance_score: 0.25 },
            { index: 2, relevance_score: 0.5 },
          ],
        }),
    })
    const ranked = await at.post("/rerank", { query: "q", documents: ["a", "b", { text: "c" }], top_n: 2 })
    assert.strictEqual(ranked.status, 200, ranked.text)
    assert.deepEqual(ranked.json.results, [
      { index: 1, relevance_score: 0.9 },
      { index: 2, relevance_score: 0.5 },
    ])
    assert.isString(ranked.json.id)
    assert.strictEqual((await at.post("/rerank", { query: "q", documents: [] })).json.error.param, "documents")
  })

  it("passes responses through to connectors that speak them, and says so to others", async () => {
    const answer = { id: "resp_1", object: "response", output: [], usage: { input_tokens: 1, output_tokens: 2 } }
    await using at = await start({
      path: "/v1/responses",
      template: '{"model": "gpt-test", "input": ${parameters.input}}',
      handler: () => Answer.json(answer),
    })
    const whole = await at.client.responses.create({ model: "m", input: [], max_output_tokens: 20 })
    assert.strictEqual(whole.id, "resp_1")
    assert.deepEqual(at.sent(), { model: "gpt-test", input: [], max_output_tokens: 20 })
    await at.client.responses.create({ model: "m", input: 'say "hi"' })
    assert.deepEqual(at.sent(), { model: "gpt-test", input: 'say "hi"' })
    await using other = await start()
    const refused = await other.post("/responses", { input: "hi" })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.json.error.message, "Responses API")
  })

  it("passes the events of a streamed response on, with secrets masked where they are cut", async () => {
    const item = { item_id: "msg_1", output_index: 0, content_index: 0 }
    const events = [
      { type: "response.created", response: { id: "resp_1", object: "response", status: "in_progress", output: [] } },
      { type: "response.output_text.delta", ...item, delta: "Hello sk-upstr" },
      { type: "response.output_text.delta", ...item, delta: "eam-secret!" },
      { type: "response.output_text.done", ...item, text: "Hello sk-upstream-secret!" },
      {
        type: "response.completed",
        response: { id: "resp_1", status: "completed", output: [], usage: { input_tokens: 3, output_tokens: 4 } },
      },
    ]
    await using at = await start({
      path: "/v1/responses",
      template: '{"model": "gpt-test", "input": ${parameters.input}}',
      handler: () =>
        Answer.stream(
          "text/event-stream",
          events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
        ),
    })
    const stream = await at.client.responses.create({ model: "m", input: [], stream: true })
    const types: Array<string> = []
    let text = ""
    let all = ""
    for await (const event of stream) {
      types.push(event.type)
      all += JSON.stringify(event)
      if (event.type === "response.output_text.delta") text += event.delta
    }
    assert.deepEqual([...new Set(types)], [...new Set(events.map(({ type }) => type))])
    assert.strictEqual(text, "Hello ***!")
    assert.notInclude(all, "sk-upstream-secret")
    assert.isTrue(at.sent().stream)
  })

  it("says what is wrong with a body in OpenAI's envelope", async () => {
    await using at = await start()
    for (const [to, body, param] of [
      [chat, { messages: [] }, "messages"],
      [chat, { messages: hello, model: 5 }, "model"],
      [chat, { messages: hello, unheard_of: 1 }, "unheard_of"],
      [chat, { messages: hello, stream: "yes" }, "stream"],
      [chat, { messages: hello, stream: true, logprobs: true }, "logprobs"],
      ["/embeddings", { input: [] }, "input"],
      ["/embeddings", { input: "x", encoding_format: "hex" }, "encoding_format"],
      ["/embeddings", { input: "x", dimensions: 0 }, "dimensions"],
      ["/rerank", { documents: ["a"] }, "query"],
    ] as const) {
      const refused = await at.post(to, body)
      assert.strictEqual(refused.status, 400, refused.text)
      assert.strictEqual(refused.json.error.param, param)
      assert.strictEqual(refused.json.error.type, "invalid_request_error")
      assert.strictEqual(refused.headers.get("x-should-retry"), "false")
    }
    const broken = await fetch(`${at.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    })
    assert.strictEqual(broken.status, 400)
    assert.strictEqual(
      (await ask(at.url, undefined, "GET", "/v1/chat/completions")).json.error.code,
      "method_not_supported",
    )
  })
})
