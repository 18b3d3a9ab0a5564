import { assert, describe, it } from "@effect/vitest"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import * as ChatChunks from "../src/ChatChunks.ts"

const defaults = { id: "chatcmpl-1", created: 7, model: "m" }

async function* batches(frames: ReadonlyArray<StreamFrame>) {
  for (const frame of frames) yield [frame]
}

const read = async (frames: ReadonlyArray<StreamFrame>, withUsage = true) => {
  const data: Array<string> = []
  for await (const events of ChatChunks.of(batches(frames), { defaults, withUsage })) data.push(...events)
  assert.strictEqual(data.pop(), ChatChunks.done)
  return data.map((text) => JSON.parse(text))
}

const last: StreamFrame = {
  content: "",
  isLast: true,
  finishReason: "length",
  usage: '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}',
}

describe("the chunks of a stream", () => {
  it("say the role once for each choice, the finish reason last, and the usage by itself", async () => {
    const chunks = await read([
      { content: "Hel", isLast: false },
      { content: "", isLast: false, choices: [{ index: 1, content: "Yo", finishReason: "stop" }] },
      { content: "lo", reasoning: "hm", isLast: false },
      last,
    ])
    assert.deepStrictEqual(
      chunks.map(({ choices }) => choices.map((one: { delta: object }) => one.delta)),
      [
        [{ role: "assistant", content: "Hel" }],
        [{ role: "assistant", content: "Yo" }],
        [{ reasoning_content: "hm", content: "lo" }],
        [{}],
        [],
      ],
    )
    assert.deepStrictEqual(
      chunks.flatMap(({ choices }) => choices.map((one: { finish_reason: string | null }) => one.finish_reason)),
      [null, "stop", null, "length"],
    )
    assert.deepStrictEqual(
      chunks.map(({ usage }) => usage?.total_tokens),
      [undefined, undefined, undefined, undefined, 3],
    )
    for (const chunk of chunks) assert.deepInclude(chunk, { id: "chatcmpl-1", created: 7, model: "m" })
  })

  it("have no usage where it was not asked for", async () => {
    const chunks = await read([{ content: "x", isLast: false }, last], false)
    for (const chunk of chunks) assert.notProperty(chunk, "usage")
    assert.strictEqual(chunks.length, 2)
  })

  it("begin with the role of a choice that only ends", async () => {
    const [only] = await read([last], false)
    assert.deepStrictEqual(only.choices[0].delta, { role: "assistant", content: "" })
  })
})
