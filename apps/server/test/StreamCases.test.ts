/**
 * The cases of ../shared/cases about streams, errors inside a success and waits, each through a server and a stub
 * upstream on loopback.
 */
import { existsSync, readFileSync } from "node:fs"
import { type AddressInfo, createServer, type Server } from "node:net"
import { resolve } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const folder = process.env["DRAWBAR_CASES"] ?? resolve(import.meta.dirname, "../../../../shared/cases")
const isPresent = existsSync(folder)
const ml = "/_plugins/_ml"

interface Outcome {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
  /** The `dataAsMap` of each event, or the event itself if it reports an error. */
  readonly maps: ReadonlyArray<any>
  readonly sent: ReadonlyArray<Received.Received>
}

interface Streamed {
  readonly content: string
  readonly finish?: string
  readonly usage?: object
}

const contentOf = ({ maps }: Outcome) => maps.map(({ content = "" }) => content).join("")
const ofAll = (name: string) => (outcome: Outcome) => outcome.maps.map((map) => map[name] ?? "").join("")

const completes =
  ({ content, finish, usage }: Streamed) =>
  (outcome: Outcome) => {
    assert.strictEqual(outcome.status, 200, outcome.text)
    assert.strictEqual(contentOf(outcome), content)
    assert.deepStrictEqual(outcome.maps.filter(({ is_last }) => is_last === true).length, 1)
    assert.strictEqual(outcome.maps.at(-1).finish_reason, finish)
    if (usage !== undefined) assert.deepStrictEqual(outcome.maps.at(-1).usage, usage)
  }

/** A stream that fails after its first chunk: the text, then one event with type and status, and no end marker. */
const breaks =
  (content: string, status: number, ...expectedText: ReadonlyArray<string>) =>
  (outcome: Outcome) => {
    assert.strictEqual(outcome.status, 200, outcome.text)
    assert.strictEqual(contentOf(outcome), content)
    const failures = outcome.maps.filter(({ error }) => error !== undefined)
    assert.strictEqual(failures.length, 1)
    assert.strictEqual(outcome.maps.at(-1), failures[0])
    assert.isFalse(outcome.maps.some(({ is_last }) => is_last === true))
    assert.strictEqual(failures[0].status, status)
    assert.isString(failures[0].type)
    for (const word of expectedText) assert.include(JSON.stringify(failures[0]), word)
  }

const fails =
  (status: number, retryAfter: string | undefined, ...expectedText: ReadonlyArray<string>) =>
  (outcome: Outcome) => {
    assert.strictEqual(outcome.status, status, outcome.text)
    assert.strictEqual(outcome.headers.get("retry-after") ?? undefined, retryAfter)
    for (const word of expectedText) assert.include(JSON.stringify(outcome.json.error), word)
  }

const answers = (value: object) => (outcome: Outcome) => {
  assert.strictEqual(outcome.status, 200, outcome.text)
  assert.deepStrictEqual(outcome.json.inference_results[0].output[0].dataAsMap, value)
}

const expectations: Readonly<Record<string, (outcome: Outcome) => void>> = {
  "23-bedrock-arn-stream": completes({ content: "yo", finish: "end_turn", usage: { inputTokens: 1, outputTokens: 1 } }),
  "31-throttling-exception-400": (outcome) => {
    answers({ ok: 1 })(outcome)
    assert.strictEqual(outcome.sent.length, 2)
  },
  "33-retry-after-odd": fails(429, "2", "slow"),
  "35-gemini-429-retry-info": fails(429, "34", "retryDelay"),
  "36-error-body-on-200": fails(429, "1", "Rate limited upstream"),
  "37-error-body-on-200-filtered": fails(429, "1", "Rate limited upstream"),
  "54-close-delimited": answers({ ok: 1 }),
  "60-sse-crlf-comments-nospace": completes({ content: "Hello", finish: "stop" }),
  "62-sse-bom-split": completes({ content: "hi", finish: "stop" }),
  "64-sse-content-type-json": completes({ content: "hi", finish: "stop" }),
  "65-sse-no-content-type": completes({ content: "hi", finish: "stop" }),
  "67-usage-only-final-chunk": completes({
    content: "Hi",
    finish: "stop",
    usage: { prompt_tokens: 3, completion_tokens: 1 },
  }),
  "68-usage-asked-for": completes({ content: "Hi", finish: "stop", usage: { prompt_tokens: 3, completion_tokens: 1 } }),
  "69-n2-choices-interleaved": (outcome) => {
    completes({ content: "A1A2", finish: "stop" })(outcome)
    const others = outcome.maps.flatMap(({ choices = [] }) => choices)
    assert.deepStrictEqual(others, [
      { index: 1, content: "B1" },
      { index: 1, content: "B2" },
      { index: 1, finish_reason: "stop" },
    ])
  },
  "70-refusal-delta": (outcome) => {
    completes({ content: "", finish: "stop" })(outcome)
    assert.strictEqual(ofAll("refusal")(outcome), "I cannot")
  },
  "72-anthropic-overloaded-first": fails(503, undefined, "overloaded_error", "Overloaded"),
  "73-anthropic-ping-then-error": breaks("Hel", 503, "overloaded_error", "Overloaded"),
  "75-gemini-thought-parts": (outcome) => {
    completes({ content: "Yes.", finish: "STOP" })(outcome)
    assert.strictEqual(ofAll("reasoning_content")(outcome), "I should ponder.")
  },
  "76-gemini-blocked-prompt": completes({ content: "", finish: "SAFETY" }),
  "79-bedrock-invoke-nova-stream": completes({
    content: "Hello",
    finish: "end_turn",
    usage: { inputTokens: 3, outputTokens: 2 },
  }),
  "81-bedrock-invoke-mistral-deepseek-stream": completes({
    content: "Hello",
    finish: "stop",
    usage: { inputTokenCount: 3 },
  }),
  "82-bedrock-converse-reasoning-exception": (outcome) => {
    breaks("Hel", 424, "modelStreamErrorException", "The model broke")(outcome)
    assert.strictEqual(ofAll("reasoning_content")(outcome), "hmm")
  },
  "84-ollama-error-line": breaks("Yes", 502, "an error was encountered"),
  "86-responses-failed": breaks("Hel", 500, "boom", "server_error"),
  "88-azure-responses-url": completes({ content: "Hi", finish: "completed", usage: { total_tokens: 5 } }),
  "91-no-done-eof-after-finish": completes({ content: "Hi", finish: "stop" }),
  "93-cohere-v2-chat-stream-error": breaks("Hi", 502, "limit hit"),
  "96-reasoning-content": (outcome) => {
    completes({ content: "Yes", finish: "stop" })(outcome)
    assert.strictEqual(ofAll("reasoning_content")(outcome), "hmm")
  },
}

const read = (name: string, file: string): any => JSON.parse(readFileSync(resolve(folder, name, file), "utf8"))

type Piece = string | { readonly base64: string }
const bytesOf = (piece: Piece) => (typeof piece === "string" ? piece : Buffer.from(piece.base64, "base64"))

const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`

/** OpenAI's stream, which reports usage only if the request asks for it, as the note of a case describes. */
const onRequest: Answer.Handler = ({ text }) =>
  Answer.stream("text/event-stream", [
    event({ choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }] }),
    event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    ...(JSON.parse(text).stream_options?.include_usage === true
      ? [event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } })]
      : []),
    event("[DONE]"),
  ])

const handlerOf = (entry: any): Answer.Handler => {
  if (entry.note !== undefined) return onRequest
  if (entry.pieces === undefined) return () => Answer.json(entry.body, entry.status, entry.headers)
  return () => ({ kind: "stream", headers: entry.headers ?? {}, pieces: entry.pieces.map(bytesOf), ending: "end" })
}

/** Sends the bytes of a case, and closes. */
const raw = async (text: string): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(text))
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  return server
}

const hosts = ["api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "openrouter.ai"].concat([
  "bedrock-runtime.us-east-1.amazonaws.com",
  "myres.openai.azure.com",
  "api.cohere.com",
  "api.deepseek.com",
])

/** The current behaviour of both upstreams: the cases run one after the other. */
let handler: Answer.Handler = () => Answer.json({})
const answer: Answer.Handler = (received) => handler(received)

describe.skipIf(!isPresent)("the cases about streams (skipped: ../shared/cases is absent)", () => {
  let tls: StubPlatform.StubPlatform
  let plain: StubPlatform.StubPlatform
  let server: InProcess.InProcess

  beforeAll(async () => {
    tls = await StubPlatform.start({ handler: answer, tls: hosts })
    plain = await StubPlatform.start({ handler: answer })
    server = await InProcess.listen({
      connectTo: Object.fromEntries(hosts.map((host) => [`${host}:443`, `127.0.0.1:${tls.port}`])),
      certificateAuthorities: [tls.ca],
    })
    await fetch(`${server.url}/_cluster/settings`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        persistent: { ...Loopback.settings, "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
      }),
    })
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await Promise.all([tls, plain].map((stub) => stub?.close()))
  })

  const post = (path: string, body: object) =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })

  const run = async (name: string): Promise<Outcome> => {
    const upstream: ReadonlyArray<any> = read(name, "upstream.json")
    const socket = upstream[0].raw === undefined ? undefined : await raw(upstream[0].raw)
    const port = socket === undefined ? plain.port : (socket.address() as AddressInfo).port
    let calls = 0
    handler = (received) => handlerOf(upstream[Math.min(calls++, upstream.length - 1)])(received)
    const connector = JSON.parse(
      JSON.stringify(read(name, "connector.json")).replaceAll("{{STUB}}", `127.0.0.1:${port}`),
    )
    const made: any = await (await post(`${ml}/models/_register`, { name, function_name: "remote", connector })).json()
    assert.isString(made.model_id, JSON.stringify(made))
    const before = [tls.requests.length, plain.requests.length] as const
    const isStream = readFileSync(resolve(folder, name, "expected.md"), "utf8").includes("_predict/stream")
    const response = await post(
      `${ml}/models/${made.model_id}/_predict${isStream ? "/stream" : ""}`,
      read(name, "predict.json"),
    )
    const text = await response.text()
    socket?.close()
    const events = text.startsWith("data: ")
      ? text
          .trimEnd()
          .split("\n\n")
          .map((one) => JSON.parse(one.slice("data: ".length)))
      : []
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: events.length === 0 ? JSON.parse(text) : undefined,
      maps: events.map((one) => one.inference_results?.[0].output[0].dataAsMap ?? one),
      sent: [...tls.requests.slice(before[0]), ...plain.requests.slice(before[1])],
    }
  }

  it.each(Object.keys(expectations).filter((name) => existsSync(resolve(folder, name))))("%s", async (name) =>
    expectations[name]!(await run(name)),
  )
})
