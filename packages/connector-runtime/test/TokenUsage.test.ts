/** Which numbers of an answer are what the platform says that it took, and which are what a model or a liar has written. */
import { assert, describe, it } from "@effect/vitest"
import * as TokenUsage from "../src/response/TokenUsage.ts"

const openAi = (usage: string) => `{"choices":[{"message":{"content":"hi"}}],"usage":${usage}}`
const anthropic = (input: object) =>
  JSON.stringify({
    content: [{ type: "tool_use", id: "t", name: "f", input }],
    usage: { input_tokens: 50, output_tokens: 500 },
  })

describe("what an answer says that it took", () => {
  const said: ReadonlyArray<readonly [what: string, text: string, input: number, output: number]> = [
    ["OpenAI's", openAi('{"prompt_tokens":3,"completion_tokens":4}'), 3, 4],
    ["Cohere's, an object deeper", '{"usage":{"billed_units":{"input_tokens":5,"output_tokens":6}}}', 5, 6],
    ["Titan's", '{"inputTextTokenCount":7,"results":[{"tokenCount":8,"outputText":"}]"}]}', 7, 8],
    ["Ollama's", '{"message":{"content":"{["},"prompt_eval_count":9,"eval_count":10}', 9, 10],
    [
      "Gemini's, with thoughts",
      '{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"thoughtsTokenCount":30}}',
      1,
      32,
    ],
    ["not the arguments of a tool", anthropic({ input_tokens: 0, output_tokens: 0 }), 50, 500],
    ["not what they nest", anthropic({ usage: { input_tokens: 0, output_tokens: 0 } }), 50, 500],
    [
      "not the arguments of Gemini's",
      JSON.stringify({
        candidates: [{ content: { parts: [{ functionCall: { name: "f", args: { candidatesTokenCount: 0 } } }] } }],
        usageMetadata: { promptTokenCount: 50, candidatesTokenCount: 500 },
      }),
      50,
      500,
    ],
    [
      "not those of Ollama's",
      JSON.stringify({
        message: { tool_calls: [{ function: { name: "f", arguments: { eval_count: 0, prompt_eval_count: 0 } } }] },
        prompt_eval_count: 50,
        eval_count: 500,
      }),
      50,
      500,
    ],
    ["the first of what stands twice", openAi('{"prompt_tokens":3,"completion_tokens":4},"prompt_tokens":9'), 3, 4],
  ]
  it.each(said)("is %s", (_, text, input, output) => {
    assert.deepStrictEqual(TokenUsage.ofText(text), { input, output })
  })

  it.each([
    ['{"prompt_tokens":-3,"completion_tokens":-4}'],
    ['{"prompt_tokens":"3","completion_tokens":"4"}'],
    ['{"prompt_tokens":3.5,"completion_tokens":4.5}'],
    ['{"prompt_tokens":1e3,"completion_tokens":1E3}'],
    ['{"prompt_tokens":NaN,"completion_tokens":null}'],
    ['{"prompt_tokens":9999999999,"completion_tokens":999999999999999}'],
    ["[]"],
  ])("is nothing where it is %s", (usage) => {
    assert.isUndefined(TokenUsage.ofText(openAi(usage)))
    assert.isUndefined(TokenUsage.ofStream(usage))
  })
})
