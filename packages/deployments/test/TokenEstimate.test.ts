import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { assert, describe, it } from "@effect/vitest"
import * as TokenEstimate from "../src/predict/TokenEstimate.ts"

const connector = (parameters: Connector["parameters"], request_body = "{}"): Connector => ({
  protocol: "http",
  parameters,
  actions: [{ action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1", request_body }],
})
const parameters = (record: Parameters<typeof fromRecord>[0]): PredictInput => ({
  _tag: "Parameters",
  parameters: fromRecord(record),
})

describe("the estimate of a call", () => {
  it.each<[string, Connector, PredictInput, number]>([
    ["is a thousand tokens more than its prompt", connector({}), parameters({ q: "x".repeat(40) }), 1_010],
    ["has the caller's bound", connector({ max_tokens: "7" }), parameters({ q: "abcd", max_tokens: 20 }), 22],
    ["has the connector's bound", connector({ maxTokens: "7" }), parameters({ q: "abcd" }), 8],
    [
      "has the bound of the template",
      connector({}, '{"max_tokens": 12, "q": "${parameters.q}"}'),
      parameters({ q: "abcd" }),
      13,
    ],
    [
      "ignores a limit that is not a number",
      connector({ max_tokens: "many" }),
      parameters({ max_tokens: "all" }),
      1_001,
    ],
    [
      "has the largest of several bounds",
      connector(
        {},
        '{"max_tokens": ${parameters.max_tokens}, "max_completion_tokens": ${parameters.max_completion_tokens}}',
      ),
      parameters({ max_tokens: 1, max_completion_tokens: 100_000 }),
      100_002,
    ],
    [
      "ignores a bound that the template has no place for",
      connector({}, '{"max_tokens": 5000}'),
      parameters({ num_predict: 1 }),
      5_001,
    ],
    [
      "multiplies by any number of answers, however it is written",
      connector({ max_tokens: "10" }),
      parameters({ n: "1e3", q: "x" }),
      10_001,
    ],
    ["counts documents", connector({ max_tokens: "1" }), { _tag: "TextDocs", text_docs: ["abcd", null, "é"] }, 3],
    [
      "counts the query of documents",
      connector({ max_tokens: "1" }),
      { _tag: "TextSimilarity", query_text: "abcd", text_docs: ["abcd"] },
      3,
    ],
    [
      "counts question and context",
      connector({ max_tokens: "1" }),
      { _tag: "QuestionAnswering", question: "abcd", context: "abcd" },
      3,
    ],
  ])("%s", (_, of, input, expected) => assert.strictEqual(TokenEstimate.make(of).call(input), expected))
})
