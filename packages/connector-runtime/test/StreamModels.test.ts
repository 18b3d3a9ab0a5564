/** Each model behind InvokeModel and SageMaker, in each carrier, cut at each byte: the frames are the same. */
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { ConnectorError } from "../src/ConnectorError.ts"
import * as PredictionStream from "../src/stream/PredictionStream.ts"
import * as UpstreamStream from "../src/stream/UpstreamStream.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as StreamFormat from "../src/stream/StreamFormat.ts"
import { type Model, models } from "./fixtures/Models.ts"
import { amazonMessage } from "./fixtures/Streams.ts"

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => Buffer.from(text),
)
const part = (body: Uint8Array): Uint8Array =>
  codec.encode({
    headers: {
      ":message-type": { type: "string", value: "event" },
      ":event-type": { type: "string", value: "PayloadPart" },
      ":content-type": { type: "string", value: "application/octet-stream" },
    },
    body,
  })
const parts = (bodies: ReadonlyArray<Uint8Array>) => Buffer.concat(bodies.map(part))
const cutEvery = (body: Buffer, size: number) =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, n) => body.subarray(n * size, (n + 1) * size))

const texts = ({ events }: Model) => events.map((event) => JSON.stringify(event))
const sse = (model: Model) =>
  Buffer.from(
    texts(model)
      .map((text) => `data: ${text}\n\n`)
      .join(""),
  )
const joined = (model: Model, between: string) => Buffer.from(texts(model).join(between))

const invoke = { url: "https://h.example/model/m/invoke", name: undefined }
const sageMaker = { url: "https://h.example/endpoints/e/invocations", name: undefined }

/** The bodies in which a model's events come. */
const carriers: Readonly<Record<string, { readonly from: typeof invoke; readonly body: (model: Model) => Buffer }>> = {
  InvokeModel: {
    from: invoke,
    body: (model) =>
      Buffer.concat(
        texts(model).map((text) =>
          amazonMessage("chunk", JSON.stringify({ bytes: Buffer.from(text).toString("base64"), p: "ab" })),
        ),
      ),
  },
  "an event a part": {
    from: sageMaker,
    body: (model) => parts(texts(model).map((text) => Buffer.from(`data: ${text}\n\n`))),
  },
  "events cut anywhere": { from: sageMaker, body: (model) => parts(cutEvery(sse(model), 7)) },
  "events of one part": { from: sageMaker, body: (model) => parts([sse(model)]) },
  "a line a part": { from: sageMaker, body: (model) => parts(texts(model).map((text) => Buffer.from(`${text}\n`))) },
  "lines cut anywhere, without a last end": {
    from: sageMaker,
    body: (model) => parts(cutEvery(joined(model, "\n"), 5)),
  },
  "an object a part, with nothing between": {
    from: sageMaker,
    body: (model) => parts(texts(model).map((text) => Buffer.from(text))),
  },
  "a list cut anywhere": {
    from: sageMaker,
    body: (model) => parts(cutEvery(Buffer.from(`[${texts(model).join(",\r\n")}]`), 11)),
  },
}

const formatOf = (url: string) => Result.getOrThrow(StreamFormat.find({ name: undefined, deltaPath: undefined, url }))

async function* pieces(all: ReadonlyArray<Uint8Array>) {
  yield* all
}

const read = async (url: string, ...bytes: ReadonlyArray<Uint8Array>) => {
  const frames: Array<any> = []
  let failure: unknown
  try {
    const source = { format: formatOf(url), status: 200, bytes: pieces(bytes), mask: SecretMask.none }
    for await (const batch of UpstreamStream.frames(source))
      frames.push(
        ...batch.map(
          (frame) => JSON.parse(PredictionStream.toJsonText(frame)).inference_results[0].output[0].dataAsMap,
        ),
      )
  } catch (cause) {
    failure = cause
  }
  return { frames, failure }
}

const said = (frames: ReadonlyArray<any>, name: string) => frames.map((frame) => frame[name] ?? "").join("")

describe.each(models)("$name", (model) => {
  const all = Object.entries(carriers)

  it.each(all)("by %s: every word, and one end", async (_, { from: { url }, body }) => {
    const { frames, failure } = await read(url, body(model))
    assert.isUndefined(failure, String(failure))
    assert.strictEqual(said(frames, "content"), model.content)
    assert.strictEqual(said(frames, "reasoning_content"), model.reasoning ?? "")
    assert.strictEqual(frames.filter(({ tool_calls }) => tool_calls !== undefined).length, model.toolCalls ?? 0)
    assert.deepStrictEqual(
      frames.filter(({ is_last }) => is_last),
      [
        {
          content: "",
          is_last: true,
          ...(model.finishReason === undefined ? {} : { finish_reason: model.finishReason }),
          ...(model.usage === undefined ? {} : { usage: model.usage }),
        },
      ],
    )
  })

  it.each(all)("by %s: wherever it is cut", async (_, { from: { url }, body }) => {
    const bytes = body(model)
    const whole = await read(url, bytes)
    const step = Math.max(1, Math.floor(bytes.length / 400))
    for (let at = 1; at < bytes.length; at += step)
      assert.deepStrictEqual(await read(url, bytes.subarray(0, at), bytes.subarray(at)), whole, `at ${at}`)
    assert.deepStrictEqual(await read(url, ...Array.from(bytes, (byte) => Uint8Array.of(byte))), whole)
  })

  it.each(all)("by %s: a failure keeps its class, and what stands before it", async (name, { from: { url }, body }) => {
    const begun = { ...model, events: model.events.slice(0, -1) }
    const exception = amazonMessage(
      name === "InvokeModel" ? "throttlingException" : "ModelStreamError",
      '{"message":"no more"}',
      "exception",
    )
    const whole = await read(url, body(begun))
    const { frames, failure } = await read(url, Buffer.concat([body(begun), exception]))
    assert.strictEqual(said(frames, "content"), said(whole.frames, "content"))
    assert.instanceOf(failure, ConnectorError)
    const { reason } = failure as ConnectorError
    assert.strictEqual(reason._tag, "UpstreamError")
    if (reason._tag !== "UpstreamError") return
    assert.strictEqual(reason.remote.status, name === "InvokeModel" ? 429 : 424)
    assert.include(reason.message, "no more")
  })
})
