import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as PredictBody from "../src/predictions/PredictBody.ts"

const read = (algorithm: string, body: string) => Result.getOrThrow(PredictBody.read(algorithm, body))
const text = (text: string) => ({ _tag: "Text", text }) as const
const json = (json: string) => ({ _tag: "Json", json }) as const

describe("a predict's parameters", () => {
  const cases: ReadonlyArray<
    readonly [
      name: string,
      body: string,
      parameters: ReadonlyArray<readonly [string, ReturnType<typeof text> | ReturnType<typeof json>]>,
    ]
  > = [
    ["none", "{}", []],
    ["null", '{"parameters":null}', []],
    ["a string is decoded", '{"parameters":{"a":"1\\n\\u00e9"}}', [["a", text("1\né")]]],
    [
      "a number keeps its digits",
      '{"parameters":{"a":1.10,"b":1e400,"c":9007199254740993}}',
      [
        ["a", json("1.10")],
        ["b", json("1e400")],
        ["c", json("9007199254740993")],
      ],
    ],
    ["a list keeps its own spacing", '{ "parameters" : { "a" : [ 1.0 , "x" ] } }', [["a", json('[ 1.0 , "x" ]')]]],
    [
      "an object with braces in strings",
      '{"parameters":{"a":{"b":"}\\"{"},"c":true}}',
      [
        ["a", json('{"b":"}\\"{"}')],
        ["c", json("true")],
      ],
    ],
    ["null is a value", '{"parameters":{"a":null}}', [["a", json("null")]]],
    [
      "names that JavaScript knows",
      '{"parameters":{"__proto__":1,"constructor":"x"}}',
      [
        ["__proto__", json("1")],
        ["constructor", text("x")],
      ],
    ],
    ["a name with an escape", '{"parameters":{"a\\u0062":7}}', [["ab", json("7")]]],
    ["a byte order mark is passed over", '\uFEFF{"parameters":{"a":2.0}}', [["a", json("2.0")]]],
    ["other members are not looked at", '{"text_docs":["x"],"parameters":{"a":"b"}}', [["a", text("b")]]],
  ]
  for (const [name, body, parameters] of cases)
    it(name, () =>
      assert.deepStrictEqual(read("remote", body), { _tag: "Parameters", parameters: new Map(parameters) }),
    )
})

describe("a name that stands twice", () => {
  it.each([
    ["in the parameters", '{"parameters":{"a":[1],"a":2.0}}', 'Duplicate Object property "a" at line 1, column 24'],
    [
      "at the top",
      '{"parameters":{"a":1},\n"parameters":{}}',
      'Duplicate Object property "parameters" at line 2, column 1',
    ],
    [
      "deep in a parameter",
      '{"parameters":{"a":[{"b":1,"b":1}]}}',
      'Duplicate Object property "b" at line 1, column 28',
    ],
  ])("%s is refused at its place", (_, body, sentence) => {
    const outcome = PredictBody.read("remote", body)
    assert.isTrue(Result.isFailure(outcome))
    assert.include(Result.isFailure(outcome) ? outcome.failure.message : "", sentence)
    assert.strictEqual(Result.isFailure(outcome) ? outcome.failure.reason._tag : "", "InvalidJson")
  })
})

describe("typed inputs", () => {
  it("text docs", () =>
    assert.deepStrictEqual(read("TEXT_EMBEDDING", '{"text_docs":["a",null]}'), {
      _tag: "TextDocs",
      text_docs: ["a", null],
      filter: {},
    }))
  it("text docs with a wish for less of the answer", () =>
    assert.deepStrictEqual(
      read("text_embedding", '{"text_docs":["a"],"return_number":false,"result_filter":{"target_response":["x"]}}'),
      { _tag: "TextDocs", text_docs: ["a"], filter: { target_response: ["x"] } },
    ))
  it("text docs with parameters keep the two that mean something", () =>
    assert.deepStrictEqual(
      read("sparse_encoding", '{"text_docs":["a"],"parameters":{"content_type":"query","other":1}}'),
      {
        _tag: "TextDocs",
        text_docs: ["a"],
        filter: {},
        parameters: new Map([
          ["content_type", text("QUERY")],
          ["sparse_embedding_format", text("WORD")],
        ]),
      },
    ))
  it("text similarity", () =>
    assert.deepStrictEqual(read("text_similarity", '{"query_text":"q","text_docs":["a"]}'), {
      _tag: "TextSimilarity",
      query_text: "q",
      text_docs: ["a"],
    }))
  it("question answering", () =>
    assert.deepStrictEqual(read("question_answering", '{"question":"q","context":"c"}'), {
      _tag: "QuestionAnswering",
      question: "q",
      context: "c",
    }))
})

const deep = (levels: number) => `{"parameters":{"a":${"[".repeat(levels)}${"]".repeat(levels)}}}`

describe("refusals of a predict's body", () => {
  const cases: ReadonlyArray<readonly [name: string, algorithm: string, body: string, says: string]> = [
    ["truncated JSON", "remote", '{"parameters":{', "line 1, column 16"],
    ["a brace too many", "remote", "{\n}}", "line 2, column 2"],
    ["no object", "remote", '"x"', "expecting token of type [START_OBJECT] but found [VALUE_STRING]"],
    ["parameters that are not an object", "remote", '{"parameters":[1]}', "[/parameters]"],
    ["parameters that are a number with digits", "remote", '{"parameters":1.0}', "[/parameters]"],
    [
      "10,001 parameters",
      "remote",
      JSON.stringify({ parameters: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`p${i}`, 1])) }),
      "[/parameters] has 10001 members: 10000 are taken at most",
    ],
    ["10^5 levels", "remote", deep(100_000), "nests deeper"],
    ["an unknown action type", "remote", '{"action_type":"nonsense"}', "Wrong Action Type of nonsense"],
    [
      "an action type that predict may not ask for",
      "remote",
      '{"action_type":"execute"}',
      "Wrong Action Type of EXECUTE",
    ],
    ["an unknown algorithm", "kmeans", "{}", "Wrong function name"],
    ["an algorithm that JavaScript knows", "constructor", "{}", "Wrong function name"],
    ["no text docs", "text_embedding", "{}", "Empty text docs"],
    ["empty text docs", "text_embedding", '{"text_docs":[]}', "Empty text docs"],
    ["text docs that are not strings", "text_embedding", '{"text_docs":[7]}', "[/text_docs/0]"],
    ["no documents to compare", "text_similarity", '{"query_text":"q"}', "No text documents were provided"],
    ["no query to compare", "text_similarity", '{"text_docs":["q"]}', "No query text was provided"],
    ["no question", "question_answering", '{"context":"c"}', "[/question]"],
  ]
  for (const [name, algorithm, body, says] of cases)
    it(name, () => {
      const outcome = PredictBody.readPredict(algorithm, body)
      assert.include(Result.isFailure(outcome) ? outcome.failure.message : "no refusal", says)
    })
})
