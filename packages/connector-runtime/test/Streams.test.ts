/**
 * Each platform's stream, in each spelling, cut at each byte: the frames are the same to the byte. DRAWBAR_CUTS says how many bytes
 * lie between two cuts of the rarer spellings.
 */
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { ConnectorError } from "../src/ConnectorError.ts"
import * as PredictionStream from "../src/stream/PredictionStream.ts"
import * as UpstreamStream from "../src/stream/UpstreamStream.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as StreamFormat from "../src/stream/StreamFormat.ts"
import { amazonMessage, type Fixture, fixtures, spellings } from "./fixtures/Streams.ts"

const rareCuts = Number(process.env["DRAWBAR_CUTS"] ?? 5)

const formatOf = ({ format }: Pick<Fixture, "format">) =>
  Result.getOrThrow(
    StreamFormat.find({
      name: "name" in format ? format.name : undefined,
      deltaPath: "deltaPath" in format ? format.deltaPath : undefined,
      url: "https://models.example/",
    }),
  )

async function* pieces(parts: ReadonlyArray<Uint8Array>) {
  for (const part of parts) yield part
}

/** What goes out to the caller, and what it ended with where it failed. */
const read = async (fixture: Pick<Fixture, "format">, ...parts: ReadonlyArray<Uint8Array>) => {
  const frames: Array<string> = []
  let failure: unknown
  try {
    const source = { format: formatOf(fixture), status: 200, bytes: pieces(parts), mask: SecretMask.none }
    for await (const batch of UpstreamStream.frames(source)) frames.push(...batch.map(PredictionStream.toJsonText))
  } catch (cause) {
    failure = cause
  }
  return { frames, failure }
}

const mapOf = (frame: string) => JSON.parse(frame).inference_results[0].output[0].dataAsMap

describe.each(fixtures)("$name", (fixture) => {
  const bodies = Object.entries(spellings[fixture.framing]).map(
    ([name, write]) => [name, write(fixture.events)] as const,
  )

  it.each(bodies)("%s: every word, tool and count of it, and one end", async (_, body) => {
    const { frames, failure } = await read(fixture, body)
    assert.isUndefined(failure)
    const maps = frames.map(mapOf)
    assert.strictEqual(maps.map(({ content }) => content).join(""), fixture.content)
    const joined = (name: string) => maps.map((map) => map[name] ?? "").join("")
    assert.strictEqual(joined("reasoning_content"), fixture.reasoning ?? "")
    assert.strictEqual(joined("refusal"), fixture.refusal ?? "")
    assert.deepStrictEqual(
      maps.flatMap(({ choices = [] }) => choices),
      [...(fixture.choices ?? [])],
    )
    assert.deepStrictEqual(
      maps.flatMap(({ tool_calls }) => (tool_calls === undefined ? [] : [tool_calls])),
      fixture.toolCalls ?? [],
    )
    assert.deepStrictEqual(
      maps.map(({ is_last }) => is_last),
      maps.map((_map, index) => index === maps.length - 1),
    )
    assert.deepStrictEqual(maps.at(-1), {
      content: "",
      is_last: true,
      ...(fixture.finishReason === undefined ? {} : { finish_reason: fixture.finishReason }),
      ...(fixture.incompleteDetails === undefined ? {} : { incomplete_details: fixture.incompleteDetails }),
      ...(fixture.usage === undefined ? {} : { usage: fixture.usage }),
    })
  })

  it.each(bodies)("%s: wherever it is cut", async (name, body) => {
    const whole = await read(fixture, body)
    for (let at = 0; at <= body.length; at += name === "as usual" ? 1 : rareCuts)
      assert.deepStrictEqual(await read(fixture, body.subarray(0, at), body.subarray(at)), whole, `at ${at}`)
    assert.deepStrictEqual(await read(fixture, ...Array.from(body, (byte) => Uint8Array.of(byte))), whole)
  })

  it("that ends too early is incomplete, wherever it ends", async () => {
    const [, body] = bodies[0]!
    const whole = await read(fixture, body)
    for (let at = 0; at < body.length; at += 3) {
      const { frames, failure } = await read(fixture, body.subarray(0, at))
      // Only what comes after the platform's last word may be missing, and of a platform that has none, whole events.
      if (failure === undefined) assert.isTrue(mapOf(frames.at(-1)!).is_last)
      else assert.instanceOf(failure, ConnectorError)
      const said = frames.map((frame) => mapOf(frame).content).join("")
      assert.isTrue(fixture.content.startsWith(said))
      if (failure === undefined && !("deltaPath" in fixture.format)) assert.strictEqual(said, fixture.content)
      assert.isAtMost(frames.length, whole.frames.length)
    }
  })
})

describe("a platform that fails in its stream", () => {
  const openAi = { format: { name: "openai/v1/chat/completions" } }
  const other = { format: { deltaPath: "$.piece" } }
  const cases: ReadonlyArray<
    readonly [name: string, fixture: Pick<Fixture, "format">, body: string | Uint8Array, says: string]
  > = [
    ["OpenAI", openAi, 'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n', "overloaded"],
    ["OpenAI, by the event's name", openAi, 'event: error\ndata: {"message":"busy"}\n\n', "busy"],
    [
      "OpenAI's responses",
      { format: { name: "openai/v1/responses" } },
      'data: {"type":"response.failed","response":{"error":{"message":"no"}}}\n\n',
      "no",
    ],
    [
      "Anthropic",
      { format: { name: "anthropic/v1/messages" } },
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      "Overloaded",
    ],
    [
      "Cohere",
      { format: { name: "cohere/v2/chat" } },
      'data: {"type":"message-end","delta":{"error":"no more"}}\n\n',
      "no more",
    ],
    [
      "Gemini",
      { format: { name: "gemini/v1beta/models/generateContent" } },
      'data: {"error":{"code":503,"message":"The model is overloaded."}}\n\n',
      "overloaded",
    ],
    ["Ollama", { format: { name: "ollama/api/chat" } }, '{"error":"model not found"}\n', "model not found"],
    [
      "Bedrock",
      { format: { name: "bedrock/converse" } },
      amazonMessage("modelStreamErrorException", '{"message":"broken"}', "exception"),
      "broken",
    ],
    [
      "Bedrock, with no JSON inside",
      { format: { name: "bedrock/invoke" } },
      amazonMessage("chunk", '{"bytes":"bm9uc2Vuc2U="}'),
      "not JSON",
    ],
    ["any other", other, 'data: {"error":"out of memory"}\n\n', "out of memory"],
    ["any other, by the event's name", other, 'event: error\ndata: {"detail":"out of memory"}\n\n', "out of memory"],
    ["with an event that is not JSON", other, "data: nonsense\n\n", "not JSON"],
    ["with an event that has no end", openAi, `data: ${"x".repeat(17_000_000)}`, "event without end"],
  ]
  it.each(cases)("%s", async (_name, fixture, body, says) => {
    const { frames, failure } = await read(fixture, Buffer.from(body))
    assert.deepStrictEqual(frames, [])
    assert.instanceOf(failure, ConnectorError)
    assert.include(String(failure), says)
  })
})
