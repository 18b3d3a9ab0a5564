/** Process functions that an author wrote: what a script is given, and what becomes of its answer. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as PostProcess from "../src/processors/PostProcess.ts"
import type { PredictInput } from "../src/call/PredictInput.ts"
import * as PreProcess from "../src/processors/PreProcess.ts"
import * as UpstreamResponse from "../src/response/UpstreamResponse.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as Tensor from "../src/response/Tensor.ts"
import { fromRecord, textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { describe, expect, it } from "vitest"

const at = "/actions/0"

const actionOf = (functions: { readonly pre_process_function?: string; readonly post_process_function?: string }) => ({
  action_type: "PREDICT" as const,
  method: "POST" as const,
  url: "https://api.example.com/",
  ...functions,
})

const connectorOf = (action: ReturnType<typeof actionOf>, parameters: Connector["parameters"] = {}): Connector => ({
  protocol: "http",
  parameters,
  actions: [action],
})

const failure = ({ reason }: { readonly reason: { readonly _tag: string; readonly message: string } }) =>
  `${reason._tag}: ${reason.message}`

/** The runtime parameters of each call. */
const before = (script: string, input: PredictInput, parameters: Connector["parameters"] = {}) => {
  const action = actionOf({ pre_process_function: script })
  return Result.match(
    Result.flatMap(PreProcess.compile(connectorOf(action, parameters), action, at), (stage) =>
      PreProcess.run(stage, input),
    ),
    {
      onSuccess: (calls) =>
        calls.map(({ runtime }) =>
          Object.fromEntries([...runtime].map(([name, value]) => [name, [value._tag, textOf(value)]])),
        ),
      onFailure: failure,
    },
  )
}

const after = (script: string, body: string, type = "application/json", parameters: Connector["parameters"] = {}) => {
  const action = actionOf({ post_process_function: script })
  const response = { status: 200, headers: { "content-type": type }, body: new TextEncoder().encode(body) }
  return Result.match(
    Result.gen(function* () {
      const stage = yield* PostProcess.compile(connectorOf(action, parameters), action, at)
      const answer = yield* UpstreamResponse.read(response, 0, SecretMask.none)
      return yield* PostProcess.run(stage, { caller: new Map(), runtime: new Map() }, answer)
    }),
    { onSuccess: (tensors) => tensors.map(Tensor.toJsonText).join(), onFailure: failure },
  )
}

const docs = (...text_docs: Array<string | null>): PredictInput => ({ _tag: "TextDocs", text_docs })
const quoted = `return '{"parameters":{"inputText":"' + params.text_docs[0] + '"}}';`
const rewriting = { "pre_process_function.process_remote_inference_input": "true" }
const hostile = 'say "hi" \\ \t\n {"a":1} ${parameters.x} é 😀'

describe("a script before the call", () => {
  it.each<readonly [string, string, PredictInput, Connector["parameters"], unknown]>([
    [
      "sees one document a call",
      quoted,
      docs("a", "b"),
      {},
      [{ inputText: ["Text", "a"] }, { inputText: ["Text", "b"] }],
    ],
    ["may put a text between quotes as it is", quoted, docs(hostile), {}, [{ inputText: ["Text", hostile] }]],
    [
      "may escape a text that is fit already",
      `return '{"parameters":{"inputText":"' + escape(params.text_docs[0]) + '"}}';`,
      docs(hostile),
      {},
      [{ inputText: ["Text", hostile] }],
    ],
    [
      "sees as many documents as the connector says",
      `return '{"parameters":{"n":' + params.text_docs.length + ',"docs":' + '"' + params.text_docs.size() + '"}}';`,
      docs("a", "b", "c"),
      { input_docs_processed_step_size: "2" },
      [
        { n: ["Json", "2"], docs: ["Text", "2"] },
        { n: ["Json", "1"], docs: ["Text", "1"] },
      ],
    ],
    [
      "sees each of as many documents as one request may bring",
      `return '{"parameters":{}}';`,
      docs(...Array.from({ length: PreProcess.maxCalls }, () => "a")),
      {},
      Array.from({ length: PreProcess.maxCalls }, () => ({})),
    ],
    [
      "sees null where a document is absent",
      `return params.text_docs[0] == null ? '{"parameters":{"none":true}}' : null;`,
      docs(null),
      {},
      [{ none: ["Json", "true"] }],
    ],
    [
      "sees the algorithm's parameters",
      `return '{"parameters":{"kind":"' + params.algorithm + params.parameters.content_type + '"}}';`,
      { _tag: "TextDocs", text_docs: ["a"], parameters: fromRecord({ content_type: "QUERY" }) },
      {},
      [{ kind: ["Text", "TEXT_EMBEDDINGQUERY"] }],
    ],
    [
      "sees a query and its documents",
      `return '{"parameters":{"query":"' + params.query_text + '","last":"' + params.text_docs[1] + '"}}';`,
      { _tag: "TextSimilarity", query_text: 'a "b"', text_docs: ["x", "y"] },
      {},
      [{ query: ["Text", 'a "b"'], last: ["Text", "y"] }],
    ],
    [
      "sees a question and its context",
      `return '{"parameters":{"q":"' + params.question + '","c":"' + params.context + '"}}';`,
      { _tag: "QuestionAnswering", question: 'who is "x"?', context: "c" },
      {},
      [{ q: ["Text", 'who is "x"?'], c: ["Text", "c"] }],
    ],
    [
      "sees texts only where the connector asks for that",
      `return '{"parameters":{"docs":' + params.text_docs + '}}';`,
      docs("a"),
      { "pre_process_function.convert_input_to_json_string": "true" },
      [{ docs: ["Json", '["a"]'] }],
    ],
    [
      "keeps the digits of what it makes",
      `return '{"parameters":{"id":12345678901234567890,"x":1.50}}';`,
      docs("a"),
      {},
      [{ id: ["Json", "12345678901234567890"], x: ["Json", "1.50"] }],
    ],
    [
      "must return text, as Painless asks of a process function",
      "return ['parameters': ['n': 1]];",
      docs("a"),
      {},
      expect.stringMatching(/^InvalidConnector: line 1, column 8: cannot turn \[HashMap\] into \[String\]/),
    ],
    [
      "is not asked where a call brings its own parameters",
      quoted,
      { _tag: "Parameters", parameters: fromRecord({ a: 1 }) },
      {},
      [{}],
    ],
    [
      "is asked for those too where the connector says so",
      `return '{"parameters":{"inputs":' + params.inputs + ',"q":"' + params.q + '"}}';`,
      { _tag: "Parameters", parameters: fromRecord({ inputs: [{ a: 1 }], q: hostile }) },
      rewriting,
      [{ inputs: ["Json", '[{"a":1}]'], q: ["Text", hostile] }],
    ],
    [
      "sees objects in them where the connector says so",
      `return '{"parameters":{"first":"' + params.inputs[0].a + '"}}';`,
      { _tag: "Parameters", parameters: fromRecord({ inputs: [{ a: "x" }] }) },
      { ...rewriting, "pre_process_function.convert_remote_inference_param_to_object": "true" },
      [{ first: ["Text", "x"] }],
    ],
    ["must answer", "return null;", docs("a"), {}, "InvalidInput: Preprocess function output is null"],
    [
      "must answer JSON",
      "return 'words';",
      docs("a"),
      {},
      'InvalidInput: pre_process_function must return the JSON text of {"parameters": {…}}',
    ],
    [
      "says which of its lines failed",
      "def x = 1;\nreturn params.text_docs[5];",
      docs("a"),
      {},
      expect.stringMatching(/^InvalidInput: pre_process_function failed at line 2: .*IndexOutOfBoundsException/),
    ],
    [
      "is refused before any call, with line, column and a caret",
      "def x = ;",
      docs("a"),
      {},
      expect.stringMatching(/^InvalidConnector: line 1, column 9: [^]*\^/),
    ],
    [
      "rejects a misspelled function name with the nearest one",
      "onnector.pre_process.openai.embeding",
      docs("a"),
      {},
      expect.stringContaining("Nearest: connector.pre_process.openai.embedding"),
    ],
  ])("%s", (_, script, input, parameters, expected) => expect(before(script, input, parameters)).toEqual(expected))
})

const wrapped = (map: string) => `{"name":"response","dataAsMap":${map}}`

describe("a script after the answer", () => {
  it.each<readonly [string, string, string, string]>([
    ["gives words", "return params.x;", '{"x":"hi"}', wrapped('{"response":"hi"}')],
    [
      "gives a tensor",
      `return '{"name":"response","dataAsMap":{"completion":"' + escape(params.x) + '"}}';`,
      '{"x":"say \\"hi\\"\\t"}',
      wrapped('{"completion":"say \\"hi\\"\\t"}'),
    ],
    [
      "gives a vector, whose numbers are spelled as the platform spelled them",
      `return '{"name":"sentence_embedding","data_type":"FLOAT32","shape":[' + params.e.length + '],"data":' + params.e + '}';`,
      '{"e":[0.1,-2.5]}',
      '{"name":"sentence_embedding","data_type":"FLOAT32","shape":[2],"data":[0.1, -2.5]}',
    ],
    [
      "gives several tensors",
      `return '[{"name":"a","data_type":"INT8","shape":[1],"data":[1]},{"name":"b","result":"x"}]';`,
      "{}",
      '{"name":"a","data_type":"INT8","shape":[1],"data":[1]},{"name":"b","result":"x"}',
    ],
    ["gives an object that is not a tensor", `return '{"completion":"hi"}';`, "{}", wrapped('{"completion":"hi"}')],
    ["gives a list that holds no tensors", `return '[{"token":0.3}]';`, "{}", wrapped('{"response":[{"token":0.3}]}')],
    [
      "that gives a map and not text is refused",
      "return params;",
      '{"x":1}',
      "InvalidConnector: line 1, column 8: cannot turn [Map] into [String]\nreturn params;\n       ^",
    ],
    [
      "that turns out to give a map and not text fails",
      "return params.o;",
      '{"o":{"k":1}}',
      "InvalidUpstreamResponse: post_process_function failed at line 1: cannot turn [HashMap] into [String] (ClassCastException)",
    ],
    [
      "leaves the answer as it is",
      "return null;",
      '{"id":12345678901234567890}',
      wrapped('{"id":12345678901234567890}'),
    ],
    ["sees a list as result", "return params.result[1];", '["a","b"]', wrapped('{"response":"b"}')],
    ["sees a scalar as response", "return 'got ' + params.response;", "5", wrapped('{"response":"got 5"}')],
    [
      "that throws says why",
      "if (params.x == null) {\n throw new IllegalArgumentException('no x');\n}",
      "{}",
      "InvalidUpstreamResponse: post_process_function failed at line 2: IllegalArgumentException: no x",
    ],
    [
      "that runs for ever is stopped",
      "int i = 0; while (true) { i++ }",
      "{}",
      "InvalidUpstreamResponse: post_process_function failed at line 1: the script exceeds its limit of 10000000 (steps)",
    ],
    ["meets half an answer", "return params.x;", '{"x":', "InvalidUpstreamResponse: Invalid JSON format"],
  ])("%s", (_, script, body, expected) => expect(after(script, body)).toBe(expected))

  it("sees words as response", () =>
    expect(after("return params.response.toUpperCase();", "hello", "text/plain")).toBe(wrapped('{"response":"HELLO"}')))

  it("is filtered like any answer", () =>
    expect(after(`return '{"a":{"b":' + params.x + '}}';`, '{"x":7}', undefined, { response_filter: "$.a.b" })).toBe(
      wrapped('{"response":7}'),
    ))
})
