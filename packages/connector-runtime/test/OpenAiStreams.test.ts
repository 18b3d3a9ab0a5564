/** Each chat API's stream in OpenAI's words, cut at each byte: the same deltas, with the id and type of a tool call once. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as CompiledDialect from "../src/dialect/CompiledDialect.ts"
import * as Dialects from "../src/dialect/Dialects.ts"
import * as OpenAiFrames from "../src/dialect/OpenAiFrames.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import type { StreamFrame } from "../src/stream/PredictionStream.ts"
import * as StreamFormat from "../src/stream/StreamFormat.ts"
import * as UpstreamStream from "../src/stream/UpstreamStream.ts"
import { type Fixture, fixtures, spellings } from "./fixtures/Streams.ts"

const nameOf = ({ format }: Fixture) => ("name" in format ? format.name : "")

const spoken = fixtures.filter((fixture) => Dialects.rows.some(({ names }) => names.includes(nameOf(fixture))))

const compiledOf = (fixture: Fixture) =>
  Result.getOrThrow(
    CompiledDialect.compile(
      {},
      { action_type: "PREDICT", method: "POST", url: "https://models.example/" },
      { _llm_interface: nameOf(fixture) },
      undefined,
    ),
  )

const call = {
  operation: "chat",
  defaults: { id: "chatcmpl-x", created: 1, model: "m" },
  dropped: () => {},
} as const

async function* pieces(parts: ReadonlyArray<Uint8Array>) {
  for (const part of parts) yield part
}

const read = async (fixture: Fixture, ...parts: ReadonlyArray<Uint8Array>): Promise<ReadonlyArray<StreamFrame>> => {
  const format = Result.getOrThrow(
    StreamFormat.find({ name: nameOf(fixture), deltaPath: undefined, url: "https://models.example/" }),
  )
  const translate = OpenAiFrames.make(compiledOf(fixture), call)
  const frames: Array<StreamFrame> = []
  const source = { format, status: 200, bytes: pieces(parts), mask: SecretMask.none }
  for await (const batch of UpstreamStream.frames(source)) frames.push(...batch.map(translate))
  return frames
}

interface Delta {
  readonly index: number
  readonly id?: string
  readonly type?: string
  readonly function: { readonly name?: string; readonly arguments?: string }
}

const deltasOf = (frames: ReadonlyArray<StreamFrame>): ReadonlyArray<Delta> =>
  frames.flatMap(({ toolCalls }): ReadonlyArray<Delta> => (toolCalls === undefined ? [] : JSON.parse(toolCalls)))

const reasons = ["stop", "length", "tool_calls", "content_filter", "function_call"]

it("has a recording of each dialect", () => {
  for (const { provider, names } of Dialects.rows)
    assert.isTrue(
      spoken.some((fixture) => names.includes(nameOf(fixture))),
      provider,
    )
})

describe.each(spoken)("$name", (fixture) => {
  const bodies = Object.entries(spellings[fixture.framing]).map(
    ([name, write]) => [name, write(fixture.events)] as const,
  )

  it("has OpenAI's finish reason and usage, and the words of the provider", async () => {
    const [, body] = bodies[0] ?? ["", new Uint8Array()]
    const frames = await read(fixture, body)
    assert.strictEqual(frames.map(({ content }) => content).join(""), fixture.content)
    assert.strictEqual(frames.map(({ reasoning = "" }) => reasoning).join(""), fixture.reasoning ?? "")
    const last = frames.at(-1)
    assert.include(reasons, last?.finishReason)
    for (const { finishReason } of frames.flatMap(({ choices = [] }) => choices))
      if (finishReason !== undefined) assert.include(reasons, finishReason)
    if (fixture.usage === undefined) return
    const usage = JSON.parse(last?.usage ?? "{}")
    assert.strictEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
    assert.isAbove(usage.total_tokens, 0)
  })

  it("says id and type of each tool call once, in its first delta, and its arguments are text", async () => {
    const [, body] = bodies[0] ?? ["", new Uint8Array()]
    const deltas = deltasOf(await read(fixture, body))
    const calls = Map.groupBy(deltas, ({ index }) => index)
    assert.strictEqual(calls.size > 0, fixture.toolCalls !== undefined)
    assert.deepStrictEqual(
      [...calls.keys()],
      [...calls.keys()].map((_, i) => i),
    )
    for (const [first, ...rest] of calls.values()) {
      assert.isString(first?.id)
      assert.strictEqual(first?.type, "function")
      assert.isString(first?.function.name)
      for (const delta of rest) assert.notProperty(delta, "id")
      for (const delta of rest) assert.notProperty(delta, "type")
      const text = [first, ...rest].map((delta) => delta?.function.arguments ?? "").join("")
      // One of the fixtures ends within its arguments.
      if (text !== "") assert.match(text, /^\{/)
    }
  })

  it("is the same wherever its bytes are cut", async () => {
    for (const [, body] of bodies.slice(0, 1)) {
      const whole = await read(fixture, body)
      for (let at = 1; at < body.length; at++) {
        const cut = await read(fixture, body.subarray(0, at), body.subarray(at))
        assert.deepStrictEqual(cut, whole, `cut at byte ${at}`)
      }
    }
  })
})
