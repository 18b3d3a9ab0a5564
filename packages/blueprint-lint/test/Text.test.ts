import { assert, describe, it } from "@effect/vitest"
import * as Lint from "../src/Lint.ts"

const places = (source: string, codes = /syntax|duplicate/) =>
  Lint.text(source)
    .filter(({ code }) => codes.test(code))
    .map(
      ({ code, line, column, message }) =>
        `${code} ${line}:${column} ${message.replace(/\. Correct it at .*/s, "").slice(0, 40)}`,
    )

describe("an invalid text", () => {
  it.each<[string, string, ReadonlyArray<string>]>([
    [
      "with two extra commas",
      '{\n  "a": [1, 2,],\n  "b": 1,\n}',
      ['syntax 2:14 a trailing "," before "]"', 'syntax 4:1 a trailing "," before "}"'],
    ],
    ["with a stray brace", '{\n  "a": 1\n}\n}', ["syntax 4:1 unexpected text after the end of the doc"]],
    [
      "with a line break in a string",
      '{\n  "a": "one\ntwo"\n}',
      ["syntax 2:8 this string holds a raw line break, anot"],
    ],
    [
      "with all of these",
      '{\n  "a": "one\ntwo",\n}\n}',
      [
        "syntax 2:8 this string holds a raw line break, anot",
        'syntax 4:1 a trailing "," before "}"',
        "syntax 5:1 unexpected text after the end of the doc",
      ],
    ],
    ["with an ambiguous fault", '{\n  "a": ,\n}', ["syntax 2:8 expected a value"]],
    ["cut off", '{"a": [1', ["syntax 1:9 the text ends before the document does"]],
    ["that is empty", "", ["syntax 1:1 the text ends before the document does"]],
    ["with quotes in a string", '{"a": "say "no""}', ['syntax 1:13 expected "," or "}"']],
  ])("%s is reported with its location", (_name, source, expected) => assert.deepStrictEqual(places(source), expected))

  it("is reported with its line, in which values are masked", () => {
    const [finding] = Lint.text('{\n  "name": "A",\n  "credential": { "a": "sk-1" "b": sk-2 }\n}')
    assert.strictEqual(finding?.message, 'expected "," or "}". Correct it at ^: "credential": { "a": … ^…: … }')
  })

  it("is checked as if its faults were corrected", () => {
    const actions = '[{"action_type": "predict", "method": "POST", "url": "https://a.example/"}]'
    const findings = Lint.text(
      `{\n  // a comment\n  "nmae": "A",\n  "protocol": "https", "version": 1, "actions": ${actions},\n}`,
    )
    assert.deepStrictEqual(
      findings.map(({ code, line, column }) => [code, line, column]),
      [
        ["invalid-field", 1, 1],
        ["console-syntax", 2, 3],
        ["unknown-field", 3, 3],
        ["invalid-field", 4, 3],
        ["syntax", 5, 1],
      ],
    )
  })
})

describe("Dev Tools console text", () => {
  const source = `POST /_plugins/_ml/connectors/_create
{
  # comment
  "name": "A", "version": 1, "protocol": "http",
  "actions": [{
    "action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1",
    "request_body": """{ "q": "\${parameters.q}" }}"""
  }]
}`
  it("is parsed, with its own lines and columns", () =>
    assert.deepStrictEqual(
      Lint.text(source).map(({ code, line, column }) => `${code} ${line}:${column}`),
      ["console-syntax 1:1", "body-not-json 7:5"],
    ))
})

describe("a duplicate name", () => {
  it("is reported at its second occurrence", () =>
    assert.deepStrictEqual(places('{"a": 1,\n "b": {"c": 1, "c": 2},\n "a": 2}'), [
      "duplicate-key 2:16 'c' occurs twice in this object. Remove ",
      "duplicate-key 3:2 'a' occurs twice in this object. Remove ",
    ]))
})

describe("a model with an embedded connector", () => {
  it("has the embedded connector checked", () => {
    const model = { name: "m", function_name: "remote", connector: { protocol: "https", actions: [] } }
    assert.deepStrictEqual(
      Lint.text(JSON.stringify(model)).map(({ pointer }) => pointer),
      ["/connector/protocol", "/connector/actions"],
    )
  })
})

it("reports a text that is not an object", () => assert.strictEqual(Lint.text("[1]")[0]?.message, "Expected an object"))
