/** What platforms report as failed inside a success: its class, its type and the wait, and that nothing said before it is lost. */
import process from "node:process"
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { ConnectorError, type Remote } from "../src/ConnectorError.ts"
import type { EgressResponse } from "@drawbar/egress/EgressPool"
import type { StreamFrame } from "../src/stream/PredictionStream.ts"
import * as RemoteFailure from "../src/response/RemoteFailure.ts"
import * as UpstreamStream from "../src/stream/UpstreamStream.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as StreamFormat from "../src/stream/StreamFormat.ts"
import { amazonMessage, type Fixture, fixtures, spellings } from "./fixtures/Streams.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))
let state = seed
const below = (limit: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

const formatOf = (name: string) =>
  Result.getOrThrow(StreamFormat.find({ name, deltaPath: undefined, url: "https://models.example/" }))
const formatOfFixture = ({ format }: Fixture) =>
  Result.getOrThrow(
    StreamFormat.find({
      name: "name" in format ? format.name : undefined,
      deltaPath: "deltaPath" in format ? format.deltaPath : undefined,
      url: "https://models.example/",
    }),
  )

async function* once(bytes: Uint8Array) {
  yield bytes
}

const read = async (
  format: StreamFormat.StreamFormat,
  bytes: Uint8Array,
  options: Partial<Pick<UpstreamStream.Source, "headers" | "mask">> = {},
) => {
  const frames: Array<StreamFrame> = []
  try {
    const source = { format, status: 200, bytes: once(bytes), mask: SecretMask.none, ...options }
    for await (const batch of UpstreamStream.frames(source)) frames.push(...batch)
  } catch (cause) {
    return { frames, failure: cause }
  }
  return { frames, failure: undefined }
}

const remoteOf = (failure: unknown): Remote => {
  assert.instanceOf(failure, ConnectorError, String(failure))
  const { reason } = failure as ConnectorError
  if (reason._tag !== "UpstreamError") throw new Error(`is ${reason._tag}`)
  return reason.remote
}

const [chat, claude, gemini, cohere, converse, ollama, responses] = [
  "openai/v1/chat/completions",
  "anthropic/v1/messages",
  "gemini/v1beta/models/generateContent",
  "cohere/v2/chat",
  "bedrock/converse",
  "ollama/api/chat",
  "openai/v1/responses",
]

/** The format, the data of the event, and the class that it has. */
type Reported = readonly [
  format: string,
  event: unknown,
  status: number,
  type: string | undefined,
  retryAfterMillis?: number,
]
const reported: ReadonlyArray<Reported> = [
  [claude!, { type: "error", error: { type: "overloaded_error", message: "m" } }, 503, "overloaded_error"],
  [claude!, { type: "error", error: { type: "rate_limit_error", message: "m" } }, 429, "rate_limit_error"],
  [claude!, { type: "error", error: { type: "api_error", message: "m" } }, 500, "api_error"],
  [claude!, { type: "error", error: { type: "invalid_request_error", message: "m" } }, 400, "invalid_request_error"],
  [claude!, { type: "error", error: { type: "authentication_error", message: "m" } }, 401, "authentication_error"],
  [claude!, { type: "error", error: { type: "request_too_large", message: "m" } }, 413, "request_too_large"],
  [chat!, { error: { code: 429, message: "m", metadata: { provider_name: "x" } } }, 429, undefined],
  [chat!, { error: { code: "rate_limit_exceeded", type: "tokens", message: "m" } }, 429, "rate_limit_exceeded"],
  [chat!, { error: { code: "503", message: "m" } }, 503, undefined],
  [chat!, { error: { type: "server_error", message: "m" } }, 500, "server_error"],
  [chat!, { error: { type: "insufficient_quota", message: "m" } }, 429, "insufficient_quota"],
  [chat!, { error: { message: "m", retry_after: 7, code: 429 } }, 429, undefined, 7_000],
  [chat!, { error: "m", error_type: "overloaded" }, 503, "overloaded"],
  [chat!, { error: "m" }, 200, undefined],
  [chat!, { error: { message: "rate limit, overloaded, 429" } }, 200, undefined],
  [chat!, { choices: [{ index: 0, delta: { content: "" }, error: { code: 502, message: "m" } }] }, 502, undefined],
  [chat!, { choices: [{ index: 0, delta: {}, finish_reason: "error" }] }, 200, "error"],
  [chat!, { choices: [{ index: 1, delta: {}, finish_reason: "error" }] }, 200, "error"],
  [
    gemini!,
    {
      error: {
        code: 429,
        status: "RESOURCE_EXHAUSTED",
        message: "m",
        details: [{ "@type": "x" }, { retryDelay: "34.5s" }],
      },
    },
    429,
    "RESOURCE_EXHAUSTED",
    34_500,
  ],
  [gemini!, { error: { status: "UNAVAILABLE", message: "m" } }, 503, "UNAVAILABLE"],
  [cohere!, { type: "message-end", delta: { finish_reason: "ERROR", error: "m" } }, 200, undefined],
  [cohere!, { type: "message-end", delta: { finish_reason: "ERROR" } }, 200, "ERROR"],
  [ollama!, { error: "m" }, 200, undefined],
  [responses!, { type: "error", code: "rate_limit_exceeded", message: "m", param: null }, 429, "rate_limit_exceeded"],
  [
    responses!,
    { type: "response.failed", response: { error: { code: "server_error", message: "m" } } },
    500,
    "server_error",
  ],
  [converse!, ["throttlingException", { message: "m" }], 429, "throttlingException"],
  [converse!, ["serviceUnavailableException", { message: "m" }], 503, "serviceUnavailableException"],
  [converse!, ["internalServerException", { message: "m" }], 500, "internalServerException"],
  [converse!, ["validationException", { message: "m" }], 400, "validationException"],
  [
    converse!,
    ["modelStreamErrorException", { message: "m", originalStatusCode: 500 }],
    424,
    "modelStreamErrorException",
  ],
]

const bodyOf = (format: string, event: unknown): Buffer => {
  if (Array.isArray(event)) return Buffer.from(amazonMessage(event[0], JSON.stringify(event[1]), "exception"))
  const text = JSON.stringify(event)
  return Buffer.from(format === ollama ? `${text}\n` : `data: ${text}\n\n`)
}

const string = (value: string) => ({ type: "string", value }) as const

describe("a failure inside a stream", () => {
  it.each(reported.map((row) => [row[0], row[1], row[2], row[3], row] as const))(
    "of %s: %j has status %d and type %s",
    async (_format, _event, _status, _type, [format, event, status, type, retryAfterMillis]) => {
      const { frames, failure } = await read(formatOf(format), bodyOf(format, event))
      assert.deepStrictEqual(frames, [])
      const remote = remoteOf(failure)
      assert.strictEqual(remote.status, status)
      assert.strictEqual(remote.type, type)
      assert.strictEqual(remote.retryAfterMillis, retryAfterMillis)
      if (type !== undefined) assert.include(remote.body + remote.type, type)
    },
  )

  it("has the wait that the head of the stream asks for", async () => {
    const body = bodyOf(converse!, ["throttlingException", { message: "m" }])
    const { failure } = await read(formatOf(converse!), body, { headers: { "x-amz-retry-after": "1500" } })
    assert.strictEqual(remoteOf(failure).retryAfterMillis, 1_500)
  })

  it.each([
    ["event: error\ndata: busy\n\n", 200, "busy"],
    ['event: error\ndata: {"message":"busy","code":429}\n\n', 429, "busy"],
    ['event: error\ndata: {"error":{"type":"overloaded_error","message":"busy"}}\n\n', 503, "busy"],
  ] as const)("is known by the name of its event: %j", async (body, status, says) => {
    const { failure } = await read(formatOf(chat!), Buffer.from(body))
    assert.strictEqual(remoteOf(failure).status, status)
    assert.include(String(failure), says)
  })

  it("has the words of Amazon's error, which stand in a header", async () => {
    const headers = {
      ":message-type": string("error"),
      ":error-code": string("ThrottlingException"),
      ":error-message": string("slow down"),
    }
    const codec = new EventStreamCodec(String, (text) => Buffer.from(text))
    const { failure } = await read(formatOf(converse!), codec.encode({ headers, body: new Uint8Array() }))
    assert.strictEqual(remoteOf(failure).status, 429)
    assert.include(String(failure), "ThrottlingException: slow down")
  })

  it("has no secret in its type, words and body", async () => {
    const secret = "sk-0123456789"
    const mask = SecretMask.of([secret])
    const event = { error: { type: secret, message: `key ${secret}`, code: 429 } }
    const { failure } = await read(formatOf(chat!), bodyOf(chat!, event), { mask })
    assert.notInclude(JSON.stringify([remoteOf(failure), String(failure)]), secret)
  })
})

describe("no failure", () => {
  it.each([{}, null, false, "", [], { code: null, message: null }, { message: "" }])(
    "is an error of %j",
    async (error) => {
      const event = { choices: [{ index: 0, delta: { content: "x" }, error, finish_reason: "stop" }], error }
      const { frames, failure } = await read(formatOf(chat!), bodyOf(chat!, event))
      assert.isUndefined(failure, String(failure))
      assert.strictEqual(frames[0]?.content, "x")
    },
  )
})

describe(`what was said before a failure (DRAWBAR_SEED=${seed})`, () => {
  const failing: Readonly<Record<Fixture["framing"], Uint8Array>> = {
    sse: Buffer.from('data: {"error":{"message":"no more"}}\n\n'),
    lines: Buffer.from('{"error":"no more"}\n'),
    amazon: amazonMessage("modelStreamErrorException", '{"message":"no more"}', "exception"),
  }
  const endings: ReadonlyArray<readonly [name: string, of: (fixture: Fixture) => Uint8Array]> = [
    ["an error", ({ framing }) => failing[framing]],
    ["bytes that are none of its", ({ framing }) => (framing === "amazon" ? new Uint8Array(16) : Uint8Array.of(0xff))],
  ]

  it.each(fixtures.flatMap((fixture) => endings.map(([name, of]) => [fixture.name, name, fixture, of] as const)))(
    "%s, then %s: nothing that the mask held back is lost",
    async (_fixture, _ending, fixture, of) => {
      const format = formatOfFixture(fixture)
      const write = Object.values(spellings[fixture.framing])[0]!
      for (let until = 0; until < fixture.events.length; until++) {
        const before = write(fixture.events.slice(0, until))
        const plain = await read(format, Buffer.concat([before, of(fixture)]))
        if (plain.failure === undefined) continue
        const words = plain.frames.map(({ content }) => content).join("")
        // A secret that begins as the words end, with less than the mask takes for a secret that was cut off.
        const end = [...words].slice(-1 - below(2)).join("")
        const mask = SecretMask.of([`${end}-0123456789`])
        const { frames, failure } = await read(format, Buffer.concat([before, of(fixture)]), { mask })
        assert.instanceOf(failure, ConnectorError)
        assert.strictEqual(frames.map(({ content }) => content).join(""), words, `before event ${until}`)
        assert.isFalse(frames.some(({ isLast }) => isLast))
      }
    },
  )

  it("does not show the beginning of a secret that was cut off", async () => {
    const secret = "sk-do-not-show-1234567890"
    const mask = SecretMask.of([secret])
    for (let length = 6; length < secret.length; length++) {
      const event = { choices: [{ index: 0, delta: { content: `key ${secret.slice(0, length)}` } }] }
      const { frames } = await read(formatOf(chat!), bodyOf(chat!, event), { mask })
      assert.strictEqual(frames.map(({ content }) => content).join(""), "key ***")
    }
  })
})

const response = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): EgressResponse => ({
  status,
  headers,
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
})

describe("a whole answer", () => {
  const vectors = Array.from({ length: 20_000 }, (_, n) => n)
  it.each<readonly [body: unknown, status: number, type?: string]>([
    [{ error: { code: 429, message: "m" } }, 429],
    [{ error: { type: "overloaded_error", message: "m" }, type: "error", request_id: "r" }, 503, "overloaded_error"],
    [{ error: "m" }, 200],
    [{ error: "m", error_type: "overloaded" }, 503, "overloaded"],
    [{ error: true, message: "m", code: "throttled" }, 429, "throttled"],
    [{ error: { message: "m", status: "INTERNAL" }, choices: [] }, 500, "INTERNAL"],
    [{ choices: [{ message: { content: "" }, finish_reason: "error", error: { code: 502, message: "m" } }] }, 502],
    [{ choices: [{ message: { content: "x" }, finish_reason: "error" }] }, 200, "error"],
    [
      { object: "response", status: "failed", error: { code: "server_error", message: "m" }, output: [] },
      500,
      "server_error",
    ],
    [`\uFEFF{"error":{"code":429,"message":"m"}}`, 429],
  ])("that only reports a failure is one: %j", (body, status, type) => {
    const found = RemoteFailure.classified(response(body))
    assert.isDefined(found.failure)
    assert.strictEqual(found.status, status)
    assert.strictEqual(found.failure?.type, type)
  })

  it.each([
    { object: "job", status: "failed", error: { message: "m" }, input: "x" },
    { error: null, choices: [{ message: { content: "x" } }] },
    { error: {} },
    { error: { code: null } },
    { error: 0.12 },
    { error: "a note", predictions: [1] },
    { choices: [{ message: { content: '"error"' }, finish_reason: "stop", error: null }] },
    { text: 'says "error": {"code": 429}' },
    [{ error: "m" }],
    'not JSON, with an "error"',
    { error: { code: 429, message: "x".repeat(70_000) } },
    { vectors, error: "m" },
  ])("is an answer: %#", (body) => {
    const answer = response(body)
    assert.strictEqual(RemoteFailure.classified(answer), answer)
  })

  it.each<readonly [body: unknown, headers: Readonly<Record<string, string>>, wait: unknown]>([
    [{ error: { details: [{ retryDelay: "34s" }] } }, {}, "34000"],
    [{ error: { details: [{ retryDelay: { seconds: "3", nanos: 500_000_000 } }] } }, {}, "3500"],
    [{ error: { details: [{ retryDelay: "34s" }] } }, { "retry-after": "2" }, undefined],
    [{ error: { details: [{ retryDelay: "soon" }, { retryDelay: "-1s" }, { retryDelay: 3 }] } }, {}, undefined],
    [{ retry_after: 1.5 }, {}, "1500"],
    [{ error: { details: [{ retryDelay: "999999999s" }] } }, {}, "86400000"],
    ["retry never", {}, undefined],
  ])("of 429 that asks for a wait in its body: %j", (body, headers, wait) => {
    for (const status of [429, 503])
      assert.strictEqual(RemoteFailure.classified(response(body, status, headers)).headers["retry-after-ms"], wait)
  })
})
