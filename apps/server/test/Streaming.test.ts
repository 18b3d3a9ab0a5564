/** Streamed predicts: the upstreams' formats, failures, and callers that disconnect. */
import { once } from "node:events"
import { Agent, request } from "node:http"
import { text as readAll } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"
import { EventStreamCodec } from "@smithy/eventstream-codec"
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const sse = "text/event-stream"

const connector = (url: string, change: object = {}) => ({
  name: "Chat",
  version: 1,
  protocol: "http",
  credential: { key: Drawbar.secret },
  parameters: {},
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url,
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{ "messages": ${parameters.messages:-[]} }',
    },
  ],
  ...change,
})

const openAi = "https://api.cohere.ai/v1/chat/completions"

interface Streamed {
  readonly status: number
  readonly type: string | null
  /** The content of each event. */
  readonly events: ReadonlyArray<any>
  readonly text: string
}

const register = async (drawbar: Drawbar.Drawbar, document: object): Promise<string> => {
  const { json, text } = await Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: document,
  })
  assert.isString(json.model_id, text)
  return json.model_id
}

const streamed = async (
  { url }: Drawbar.Drawbar,
  id: string,
  parameters: object = {},
  query = "",
): Promise<Streamed> => {
  const response = await fetch(`${url}${ml}/models/${id}/_predict/stream${query}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ parameters }),
  })
  const text = await response.text()
  const events = text.startsWith("data: ")
    ? text
        .trimEnd()
        .split("\n\n")
        .map((event) => JSON.parse(event.slice("data: ".length)))
    : []
  return { status: response.status, type: response.headers.get("content-type"), events, text }
}

const maps = ({ events }: Streamed) => events.map((event) => event.inference_results?.[0].output[0].dataAsMap ?? event)

const contentOf = (answer: Streamed) =>
  maps(answer)
    .map(({ content = "" }) => content)
    .join("")

const ask = async (answer: Answer.Handler, url = openAi, change: object = {}, parameters: object = {}) => {
  await using drawbar = await Drawbar.start(answer)
  const id = await register(drawbar, connector(url, change))
  const result = await streamed(drawbar, id, parameters)
  assert.notInclude(result.text, Drawbar.secret)
  return { ...result, sent: drawbar.platform.requests.map(({ target, text }) => ({ target, text })) }
}

const event = (data: unknown, name?: string) =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
const chunk = (content: string) => event({ choices: [{ delta: { content } }] })
const stop = event({ choices: [{ delta: {}, finish_reason: "stop" }] })
const done = event("[DONE]")

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => Buffer.from(text),
)
const amazon = (name: string, body: unknown, type = "event"): Uint8Array =>
  codec.encode({
    headers: {
      ":message-type": { type: "string", value: type },
      [type === "event" ? ":event-type" : ":exception-type"]: { type: "string", value: name },
    },
    body: Buffer.from(JSON.stringify(body)),
  })
const aws = {
  protocol: "aws_sigv4",
  credential: { access_key: "AKIDEXAMPLE", secret_key: Drawbar.secret },
  parameters: { region: "us-east-1", service_name: "bedrock" },
}
const withoutHeader = (url: string) => [
  { action_type: "predict", method: "POST", url, request_body: '{ "messages": ${parameters.messages:-[]} }' },
]
const base64 = (value: unknown) => ({ bytes: Buffer.from(JSON.stringify(value)).toString("base64") })

interface Platform {
  readonly name: string
  readonly url: string
  readonly type: string
  readonly pieces: ReadonlyArray<string | Uint8Array>
  readonly change?: object
  readonly last: object
  readonly sent: { readonly target: string; readonly body: object }
  readonly tools?: number
}

const reply = "Hé🙂 there"

/** The usage of a stream that does not report it: four bytes of UTF-8 are a token. */
const estimated = (sent: string) => {
  const [input_tokens, output_tokens] = [sent, reply].map((text) => Math.ceil(Buffer.byteLength(text) / 4))
  return { input_tokens, output_tokens, total_tokens: input_tokens! + output_tokens!, estimated: true }
}
const platforms: ReadonlyArray<Platform> = [
  {
    name: "OpenAI chat",
    url: openAi,
    type: sse,
    pieces: [
      chunk("Hé🙂"),
      event({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: "{" } }] } }] }),
      chunk(" there"),
      stop,
      event({ choices: [], usage: { total_tokens: 7 } }),
      done,
    ],
    last: { finish_reason: "stop", usage: { total_tokens: 7 } },
    sent: { target: "/v1/chat/completions", body: { messages: [], stream: true } },
    tools: 1,
  },
  {
    name: "OpenAI completions",
    url: "https://api.cohere.ai/v1/completions",
    type: sse,
    pieces: [event({ choices: [{ text: reply }] }), event({ choices: [{ text: "", finish_reason: "length" }] })],
    last: { finish_reason: "length", usage: estimated('{"messages":[],"stream":true}') },
    sent: { target: "/v1/completions", body: { messages: [], stream: true } },
  },
  {
    name: "OpenAI responses",
    url: "https://api.cohere.ai/v1/responses",
    type: sse,
    pieces: [
      event({ type: "response.created" }, "response.created"),
      event({ type: "response.output_text.delta", delta: reply }),
      event({ type: "response.completed", response: { status: "completed", usage: { output_tokens: 2 } } }),
    ],
    last: { finish_reason: "completed", usage: { output_tokens: 2 } },
    sent: { target: "/v1/responses", body: { messages: [], stream: true } },
  },
  {
    name: "Anthropic",
    url: "https://api.cohere.ai/v1/messages",
    type: sse,
    pieces: [
      event({ type: "message_start", message: { usage: { input_tokens: 3 } } }, "message_start"),
      event({ type: "ping" }, "ping"),
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
      event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: reply } }),
      event({ type: "content_block_start", index: 1, content_block: { type: "tool_use", name: "t" } }),
      event({ type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{" } }),
      event({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 5 } }),
      event({ type: "message_stop" }, "message_stop"),
    ],
    last: { finish_reason: "tool_use", usage: { input_tokens: 3, output_tokens: 5 } },
    sent: { target: "/v1/messages", body: { messages: [], stream: true } },
    tools: 2,
  },
  {
    name: "Cohere",
    url: "https://api.cohere.ai/v2/chat",
    type: sse,
    pieces: [
      event({ type: "message-start" }),
      event({ type: "content-delta", delta: { message: { content: { text: reply } } } }),
      event({ type: "message-end", delta: { finish_reason: "COMPLETE", usage: { tokens: { output_tokens: 2 } } } }),
    ],
    last: { finish_reason: "COMPLETE", usage: { tokens: { output_tokens: 2 } } },
    sent: { target: "/v2/chat", body: { messages: [], stream: true } },
  },
  {
    name: "Gemini",
    url: "https://api.cohere.ai/v1beta/models/gemini-2.5-flash:generateContent",
    type: sse,
    pieces: [
      event({ candidates: [{ content: { parts: [{ text: "Hé🙂" }] } }] }),
      event({
        candidates: [{ content: { parts: [{ text: " there" }] }, finishReason: "STOP" }],
        usageMetadata: { totalTokenCount: 4 },
      }),
    ],
    last: { finish_reason: "STOP", usage: { totalTokenCount: 4 } },
    sent: { target: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", body: { messages: [] } },
  },
  {
    name: "Ollama",
    url: "https://api.cohere.ai/api/chat",
    type: "application/x-ndjson",
    pieces: [
      `${JSON.stringify({ message: { content: "Hé🙂" }, done: false })}\n`,
      `${JSON.stringify({ message: { content: " there" }, done: false })}\n`,
      `${JSON.stringify({ message: { content: "" }, done: true, done_reason: "stop", eval_count: 9 })}\n`,
    ],
    last: { finish_reason: "stop", usage: { eval_count: 9 } },
    sent: { target: "/api/chat", body: { messages: [], stream: true } },
  },
  {
    name: "Bedrock Converse",
    url: "https://api.cohere.ai/model/anthropic.claude/converse",
    type: "application/vnd.amazon.eventstream",
    pieces: [
      amazon("messageStart", { role: "assistant" }),
      amazon("contentBlockDelta", { delta: { text: reply }, contentBlockIndex: 0 }),
      amazon("messageStop", { stopReason: "end_turn" }),
      amazon("metadata", { usage: { totalTokens: 8 } }),
    ],
    change: { ...aws, actions: withoutHeader("https://api.cohere.ai/model/anthropic.claude/converse") },
    last: { finish_reason: "end_turn", usage: { totalTokens: 8 } },
    sent: { target: "/model/anthropic.claude/converse-stream", body: { messages: [] } },
  },
  {
    name: "Bedrock, invoked",
    url: "https://api.cohere.ai/model/anthropic.claude/invoke",
    type: "application/vnd.amazon.eventstream",
    pieces: [
      amazon("chunk", base64({ type: "content_block_delta", delta: { type: "text_delta", text: reply } })),
      amazon("chunk", base64({ type: "message_delta", delta: { stop_reason: "end_turn" } })),
      amazon("chunk", base64({ type: "message_stop" })),
    ],
    change: { ...aws, actions: withoutHeader("https://api.cohere.ai/model/anthropic.claude/invoke") },
    last: { finish_reason: "end_turn", usage: estimated('{ "messages": [] }') },
    sent: { target: "/model/anthropic.claude/invoke-with-response-stream", body: { messages: [] } },
  },
  {
    name: "any other, by its declared path",
    url: "https://api.cohere.ai/my/own",
    type: sse,
    pieces: [event({ out: { piece: "Hé🙂" } }), event({ out: { piece: " there" } })],
    change: { parameters: { stream_delta_path: "$.out.piece" } },
    last: { usage: estimated('{"messages":[],"stream":true}') },
    sent: { target: "/my/own", body: { messages: [], stream: true } },
  },
]

describe("the stream of", () => {
  it.each(platforms)("$name arrives in the wire's frames, and ends once", async (platform) => {
    const answer = await ask(() => Answer.stream(platform.type, platform.pieces), platform.url, platform.change)
    assert.strictEqual(answer.status, 200, answer.text)
    assert.strictEqual(answer.type, sse)
    assert.strictEqual(contentOf(answer), reply)
    const all = maps(answer)
    assert.deepStrictEqual(all.at(-1), { content: "", is_last: true, ...platform.last })
    assert.strictEqual(all.filter(({ is_last }) => is_last).length, 1)
    assert.strictEqual(all.filter(({ tool_calls }) => tool_calls !== undefined).length, platform.tools ?? 0)
    assert.deepStrictEqual(
      answer.sent.map(({ target, text }) => ({ target, body: JSON.parse(text) })),
      [platform.sent],
    )
  })

  it.each(platforms)("$name may be split anywhere", async (platform) => {
    const whole = Buffer.concat(platform.pieces.map((piece) => Buffer.from(piece)))
    const step = Math.max(1, Math.floor(whole.length / 40))
    await using drawbar = await Drawbar.start(({ headers }) => {
      const at = Number(headers.find(([name]) => name.toLowerCase() === "x-cut")?.[1])
      return Answer.stream(platform.type, [whole.subarray(0, at), whole.subarray(at)])
    })
    const document = connector(platform.url, platform.change)
    const [first] = document.actions
    const cut = { ...document, actions: [{ ...first, headers: { ...first?.headers, "x-cut": "${parameters.cut}" } }] }
    const id = await register(drawbar, cut)
    for (let at = 1; at < whole.length; at += step)
      assert.strictEqual(contentOf(await streamed(drawbar, id, { cut: String(at) })), reply, `cut at ${at}`)
  })
})

describe("an error before the first chunk has its own status:", () => {
  it.each<[string, Answer.Handler, object, number, string]>([
    ["an error response", () => Answer.json({ error: "bad key" }, 401), {}, 401, "bad key"],
    ["a busy upstream", () => Answer.json({}, 429, { "retry-after": "7" }), {}, 429, "Error from remote service"],
    ["a response without a stream", () => Answer.json({ ok: 1 }), {}, 502, "not with a stream"],
    [
      "an error as the first event",
      () => Answer.stream(sse, [event({ error: { message: "overloaded" } })]),
      {},
      502,
      "overloaded",
    ],
    ["an event that is not JSON", () => Answer.stream(sse, ["data: nonsense\n\n"]), {}, 502, "not JSON"],
    ["nothing at all", () => Answer.stream(sse, []), {}, 502, "before the model's answer was complete"],
    [
      "a missing parameter",
      () => Answer.json({}),
      { actions: [{ action_type: "predict", method: "POST", url: openAi, request_body: '{"q": ${parameters.q}}' }] },
      400,
      "q",
    ],
    [
      "an unknown interface",
      () => Answer.json({}),
      { parameters: { _llm_interface: "x/y" } },
      400,
      "Unsupported llm interface: x/y",
    ],
    [
      "an unknown upstream",
      () => Answer.json({}),
      { actions: withoutHeader("https://api.cohere.ai/own") },
      400,
      "How this platform streams is not known",
    ],
  ])("%s", async (_name, handler, change, status, sentence) => {
    const answer = await ask(handler, openAi, change)
    assert.strictEqual(answer.status, status, answer.text)
    assert.include(JSON.parse(answer.text).error.reason, sentence)
  })

  it("disabled streaming, and a model that does not exist", async () => {
    await using drawbar = await Drawbar.start()
    assert.strictEqual((await streamed(drawbar, "missing")).status, 404)
    const id = await register(drawbar, connector(openAi))
    await Drawbar.ask(drawbar, "PUT", "/_cluster/settings", {
      persistent: { "plugins.ml_commons.stream_enabled": false },
    })
    const answer = await streamed(drawbar, id)
    assert.strictEqual(answer.status, 400)
    assert.include(answer.text, "Streaming is currently disabled")
  })
})

describe("an error after the first chunk is reported in one last event:", () => {
  const first = chunk("one")
  it.each<[string, Answer.Answer, string]>([
    ["a reset", Answer.stream(sse, [first, chunk("two")], { ending: "reset" }), "incomplete response"],
    ["a premature end", Answer.stream(sse, [first]), "before the model's answer was complete"],
    ["an error", Answer.stream(sse, [first, event({ error: { message: "overloaded" } })]), "overloaded"],
    ["invalid UTF-8", Answer.stream(sse, [first, new Uint8Array([0x64, 0xff, 0xfe, 0x0a])]), "not UTF-8"],
    ["silence", Answer.stream(sse, [first], { ending: "hang" }), "sent no more of its response"],
  ])("%s", async (_name, answer, sentence) => {
    const result = await ask(() => answer, openAi, { client_config: { read_timeout: 1 } })
    assert.strictEqual(result.status, 200)
    const all = maps(result)
    assert.strictEqual(all[0].content, "one")
    assert.include(all.at(-1).error, sentence)
    assert.isNumber(all.at(-1).status)
    assert.isFalse(all.some(({ is_last }) => is_last === true))
  })

  it("an Amazon message that was modified in transit", async () => {
    const message = amazon("contentBlockDelta", { delta: { text: "two" } })
    const changed = message.with(message.length - 6, message[message.length - 6]! ^ 1)
    const url = "https://api.cohere.ai/model/m/converse"
    const pieces = [amazon("contentBlockDelta", { delta: { text: "one" } }), changed]
    const type = "application/vnd.amazon.eventstream"
    const result = await ask(() => Answer.stream(type, pieces), url, { ...aws, actions: withoutHeader(url) })
    assert.include(maps(result).at(-1).error, "cannot be read")
  })

  it("an Amazon exception", async () => {
    const url = "https://api.cohere.ai/model/m/converse"
    const pieces = [
      amazon("contentBlockDelta", { delta: { text: "one" } }),
      amazon("throttlingException", { message: "slow down" }, "exception"),
    ]
    const type = "application/vnd.amazon.eventstream"
    const result = await ask(() => Answer.stream(type, pieces), url, { ...aws, actions: withoutHeader(url) })
    assert.include(maps(result).at(-1).error, "throttlingException: slow down")
  })
})

async function* endless() {
  for (;;) {
    yield chunk("more")
    await setTimeout(5)
  }
}

const saying = (content: string) => ({ messages: [{ role: "user", content }] })

describe("a stream", () => {
  it("arrives chunk by chunk, not at its end", async () => {
    const gate = Promise.withResolvers<void>()
    async function* pieces() {
      yield chunk("one")
      await gate.promise
      yield chunk("two") + stop + done
    }
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, pieces()))
    const id = await register(drawbar, connector(openAi))
    const response = await fetch(`${drawbar.url}${ml}/models/${id}/_predict/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{}}',
    })
    const reader = response.body!.getReader()
    const first = Buffer.from((await reader.read()).value!).toString()
    assert.include(first, '"content":"one"')
    gate.resolve()
    let rest = ""
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += Buffer.from(next.value)
    assert.include(rest, '"content":"two"')
  })

  it("whose reader disconnects is closed at the upstream", async () => {
    const closed = Promise.withResolvers<void>()
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, endless(), { aborted: () => closed.resolve() }))
    const id = await register(drawbar, connector(openAi))
    const going = new AbortController()
    const response = await fetch(`${drawbar.url}${ml}/models/${id}/_predict/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{}}',
      signal: going.signal,
    })
    await response.body!.getReader().read()
    going.abort()
    await closed.promise
  })

  it("ends at its caller's timeout, and the upstream connection is closed", async () => {
    const closed = Promise.withResolvers<void>()
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, endless(), { aborted: () => closed.resolve() }))
    const id = await register(drawbar, connector(openAi))
    const result = await streamed(drawbar, id, {}, "?timeout=300ms")
    assert.strictEqual(maps(result)[0].content, "more")
    const reason = "The predict was not answered within its timeout of 300ms"
    assert.deepStrictEqual(maps(result).at(-1), { error: reason, status: 504 })
    assert.strictEqual(maps(result).filter(({ error }) => error !== undefined).length, 1)
    await closed.promise
  })

  it("is retried if the upstream is busy, and never once it has begun", async () => {
    const again = { client_config: { max_retry_times: 3, retry_backoff_millis: 1 } }
    const busy = Answer.json({}, 503)
    const broken = Answer.stream(sse, [chunk("x")], { ending: "reset" })
    const begun = Answer.inTurn(busy, broken, Answer.stream(sse, [chunk("y"), stop]))
    const result = await ask(begun, openAi, again)
    assert.strictEqual(contentOf(result), "x")
    assert.include(maps(result).at(-1).error, "incomplete response")
    assert.strictEqual(result.sent.length, 2)
  })

  it("leaves the caller's connection for the next request, of any method", async () => {
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, [chunk("x"), stop, done]))
    const id = await register(drawbar, connector(openAi))
    const ports = new Set<number | undefined>()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const method of ["POST", "HEAD", "POST", "GET"]) {
      const path = method === "POST" ? `${ml}/models/${id}/_predict/stream` : "/_health/live"
      const headers = method === "POST" ? { "content-type": "application/json" } : {}
      const sent = request({ agent, port: drawbar.port, method, path, headers })
      sent.end(method === "POST" ? '{"parameters":{}}' : undefined)
      const [answer] = await once(sent, "response")
      ports.add(answer.socket.localPort)
      const reply = await readAll(answer)
      if (method === "POST") assert.include(reply, '"is_last":true')
    }
    agent.destroy()
    assert.strictEqual(ports.size, 1)
  })

  it("leaves its upstream connection for the next", async () => {
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, [chunk("x"), stop, done]))
    const id = await register(drawbar, connector(openAi))
    for (let i = 0; i < 5; i++) assert.strictEqual(contentOf(await streamed(drawbar, id)), "x")
    assert.strictEqual(new Set(drawbar.platform.requests.map(({ remotePort }) => remotePort)).size, 1)
  })

  it("waits for a slow reader, and pauses the upstream", async () => {
    let given = 0
    const piece = chunk("x".repeat(10_000))
    function* pieces() {
      for (let i = 0; i < 3_000; i++) {
        given++
        yield piece
      }
      yield stop + done
    }
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, pieces()))
    const id = await register(drawbar, connector(openAi, { client_config: { read_timeout: 1 } }))
    const response = await fetch(`${drawbar.url}${ml}/models/${id}/_predict/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"parameters":{}}',
    })
    const reader = response.body!.getReader()
    await reader.read()
    // The buffers in between fill up, and then nothing is transferred; the upstream is not blamed.
    for (let before = -1; before !== given; await setTimeout(1_500)) before = given
    assert.isBelow(given, 2_500)
    let size = 0
    for (let next = await reader.read(); !next.done; next = await reader.read()) size += next.value.length
    assert.isAbove(size, 30_000_000)
  })

  it("is not enabled by a plain parameter", async () => {
    await using drawbar = await Drawbar.start(({ text }) => Answer.json({ sent: JSON.parse(text) }))
    const id = await register(drawbar, connector(openAi, { parameters: { stream: "true" } }))
    const { json } = await Drawbar.ask(drawbar, "POST", `${ml}/models/${id}/_predict`, {
      parameters: { stream: true, messages: [] },
    })
    assert.deepStrictEqual(json.inference_results[0].output[0].dataAsMap, { sent: { messages: [] } })
  })

  it("is rejected if an output guardrail needs the whole response; an input guardrail applies", async () => {
    await using drawbar = await Drawbar.start(() => Answer.stream(sse, [chunk("x"), stop, done]))
    const id = await register(drawbar, connector(openAi))
    const guard = (guardrails: object) => Drawbar.ask(drawbar, "PUT", `${ml}/models/${id}`, { guardrails })
    await guard({ input_guardrail: { regex: [".*abort.*"] } })
    assert.include((await streamed(drawbar, id, saying("abort"))).text, "guardrails triggered for user input")
    assert.strictEqual(contentOf(await streamed(drawbar, id, saying("go"))), "x")
    await guard({ output_guardrail: { regex: [".*secret.*"] } })
    assert.include((await streamed(drawbar, id, saying("go"))).text, "Call it with _predict")
  })
})
