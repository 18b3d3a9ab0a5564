import type { Connector } from "@drawbar/blueprint-schema/Connector"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as DocumentBatches from "../src/processors/DocumentBatches.ts"
import * as PreProcess from "../src/processors/PreProcess.ts"

const sizes = (documents: ReadonlyArray<string | null>, limits: DocumentBatches.DocumentBatches) =>
  DocumentBatches.split(documents, limits).map((batch) => batch.length)

const bytesOf = (batch: ReadonlyArray<string | null>) =>
  batch.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0)

describe("documents of one predict", () => {
  it.each<[string, ReadonlyArray<string | null>, DocumentBatches.DocumentBatches, ReadonlyArray<number>]>([
    ["go together without limits", ["a", "b", "c"], {}, [3]],
    ["go by their number", ["a", "b", "c", "d", "e"], { maxItems: 2 }, [2, 2, 1]],
    ["fit exactly", ["a", "b"], { maxItems: 2, maxBytes: 2 }, [2]],
    ["go by their bytes", ["aa", "bb", "c", "dddd"], { maxBytes: 5 }, [3, 1]],
    ["count bytes of UTF-8, not characters", ["é", "é", "é"], { maxBytes: 4 }, [2, 1]],
    ["count an emoji as four bytes", ["😀", "😀"], { maxBytes: 7 }, [1, 1]],
    ["go alone where one is too long", ["a", "bbbbbb", "c"], { maxBytes: 3 }, [1, 1, 1]],
    ["go by whichever limit comes first", ["a", "a", "a", "bbb", "bbb"], { maxItems: 2, maxBytes: 4 }, [2, 2, 1]],
    ["count an absent one as nothing", [null, null, "a"], { maxBytes: 1 }, [3]],
    ["are one call where there is one", ["aaaa"], { maxItems: 1, maxBytes: 1 }, [1]],
  ])("%s", (_, documents, limits, expected) => assert.deepStrictEqual(sizes(documents, limits), expected))

  const seed = Number(process.env["DRAWBAR_PROPERTY_SEED"] ?? Date.now() % 2 ** 31)
  it(`keep their order and their limits, and no batch has room for the next (DRAWBAR_PROPERTY_SEED=${seed})`, () => {
    let state = seed
    const next = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    for (let run = 0; run < 5_000; run++) {
      const documents = Array.from({ length: 1 + next(12) }, () =>
        next(9) === 0 ? null : ["a", "é", "😀"][next(3)]!.repeat(next(6)),
      )
      const [maxItems, maxBytes] = [next(3) === 0 ? undefined : 1 + next(5), next(3) === 0 ? undefined : 1 + next(20)]
      const batches = DocumentBatches.split(documents, { maxItems, maxBytes })
      assert.deepStrictEqual(batches.flat(), documents)
      for (const [i, batch] of batches.entries()) {
        assert.isAtLeast(batch.length, 1)
        assert.isAtMost(batch.length, maxItems ?? Infinity)
        if (batch.length > 1) assert.isAtMost(bytesOf(batch), maxBytes ?? Infinity)
        const follower = batches[i + 1]?.[0]
        if (follower === undefined) continue
        const fuller = [...batch, follower]
        assert.isTrue(fuller.length > (maxItems ?? Infinity) || bytesOf(fuller) > (maxBytes ?? Infinity))
      }
    }
  })
})

/** How many documents each call of a predict with six sends. */
const countsOf = (
  name: string | undefined,
  batches: DocumentBatches.DocumentBatches,
  step?: number,
): ReadonlyArray<number | undefined> => {
  const action = {
    action_type: "PREDICT" as const,
    method: "POST" as const,
    url: "https://api.example.com/",
    ...(name === undefined ? {} : { pre_process_function: name }),
  }
  const parameters = step === undefined ? {} : { input_docs_processed_step_size: String(step) }
  const connector: Connector = { protocol: "http", parameters, actions: [action] }
  const stage = Result.getOrThrow(PreProcess.compile(connector, action, "/actions/0"))
  const input = { _tag: "TextDocs", text_docs: ["a", "b", "c", "d", "e", "f"] } as const
  const calls = Result.getOrThrow(PreProcess.run(stage, input, undefined, batches))
  assert.strictEqual(PreProcess.count(stage, input, batches), calls.length)
  return calls.map(({ documents }) => documents?.count)
}
const ofScript = 'return "{\\"parameters\\":{}}"'

describe("calls of a model that splits its documents", () => {
  it.each<[string, string | undefined, DocumentBatches.DocumentBatches, number | undefined, ReadonlyArray<number>]>([
    ["without a function", undefined, { maxItems: 4 }, undefined, [4, 2]],
    ["of a list", "connector.pre_process.cohere.embedding", { maxItems: 4 }, undefined, [4, 2]],
    ["of a list, by bytes", "connector.pre_process.openai.embedding", { maxBytes: 3 }, undefined, [3, 3]],
    ["with a smaller step", "connector.pre_process.openai.embedding", { maxItems: 4 }, 3, [3, 3]],
    ["with a larger step", "connector.pre_process.openai.embedding", { maxItems: 2 }, 5, [2, 2, 2]],
    ["of one document each", "connector.pre_process.bedrock.embedding", { maxItems: 4 }, undefined, [1, 1, 1, 1, 1, 1]],
    ["of a script with a step", ofScript, { maxItems: 2 }, 3, [2, 2, 2]],
    [
      "of a text and its image",
      "connector.pre_process.bedrock.multimodal_embedding",
      { maxItems: 1 },
      undefined,
      [1, 1, 1],
    ],
    ["of both, by bytes", "connector.pre_process.bedrock.multimodal_embedding", { maxBytes: 1 }, undefined, [1, 1, 1]],
  ])("%s expect as many results as each sends", (_, name, batches, step, expected) =>
    assert.deepStrictEqual<ReadonlyArray<number | undefined>>(countsOf(name, batches, step), expected),
  )
})
