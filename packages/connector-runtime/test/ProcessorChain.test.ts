import { assert, describe, it } from "@effect/vitest"
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as ProcessorChain from "../src/chain/ProcessorChain.ts"

const run = (steps: unknown, value: string): string => {
  const chain = Result.getOrThrow(ProcessorChain.compile(JSON.stringify(steps)))
  return Json.stringify(Result.getOrThrow(chain.run(Result.getOrThrow(Json.parse(value)))))
}

const set = (to: boolean) => [{ type: "set_field", path: "$.taken", value: to }]

describe("a step", () => {
  it.each<[string, object, string, string]>([
    ["to_string", {}, '{"a":1.10}', '"{\\"a\\":1.10}"'],
    ["to_string", {}, '"as it is"', '"as it is"'],
    ["to_string", { escape_json: true }, '{"a":1}', '"{\\\\\\"a\\\\\\":1}"'],
    ["regex_replace", { pattern: "^.*?\n" }, '"head\\nbody\\nmore"', '"body\\nmore"'],
    ["regex_replace", { pattern: "(\\w+)@(\\w+)", replacement: "$2 \\$ $1" }, '"a@b c@d"', '"b $ a d $ c"'],
    ["regex_replace", { pattern: "o", replacement: "0", replace_all: false }, '"foo"', '"f0o"'],
    ["regex_replace", { pattern: "o", replacement: "$7" }, '"foo"', '"foo"'],
    ["regex_replace", { pattern: "green", replacement: "healthy" }, '{"is":"green"}', '"{\\"is\\":\\"healthy\\"}"'],
    ["regex_capture", { pattern: "(\\d+),(\\w+),(\\w+),([^,]+)", groups: "[1, 4]" }, '"1,a,b,c,d"', '["1","c"]'],
    ["regex_capture", { pattern: "<p>(.*)</p>" }, '"<p>x\\ny</p>"', '"x\\ny"'],
    ["regex_capture", { pattern: "(\\d+)", groups: 1 }, '"none"', '"none"'],
    ["extract_json", {}, '"so: [1, {\\"a\\": 2}] done"', '[1,{"a":2}]'],
    ["extract_json", { extract_type: "object" }, '"[1] {\\"a\\":9007199254740993}."', '{"a":9007199254740993}'],
    ["extract_json", { extract_type: "object", default: {} }, '"none"', "{}"],
    ["extract_json", {}, '"none"', '"none"'],
    ["extract_json", {}, '{"a":1}', '{"a":1}'],
    [
      "jsonpath_filter",
      { path: "$.data.items[*].name" },
      '{"data":{"items":[{"name":"a"},{"name":"b"}]}}',
      '["a","b"]',
    ],
    ["jsonpath_filter", { path: "$['a','b']" }, '{"a":1.0,"b":2,"c":3}', '{"a":1.0,"b":2}'],
    ["jsonpath_filter", { path: "$[*]['a','b']" }, '[{"a":1,"b":2},{"b":3}]', '[{"a":1,"b":2},{"b":3}]'],
    ["jsonpath_filter", { path: "$['x','y']", default: 0 }, '{"a":1}', "0"],
    ["jsonpath_filter", { path: "$.a.b" }, '{"a":{"b":1.50}}', "1.50"],
    ["jsonpath_filter", { path: "$.a.c", default: [] }, '{"a":{}}', "[]"],
    ["jsonpath_filter", { path: "$.a.c" }, '{"a":{}}', '{"a":{}}'],
    ["jsonpath_filter", { path: "$.a" }, '"{\\"a\\":7}"', "7"],
    ["remove_jsonpath", { paths: ["$.a", "$.b[*]"] }, '{"a":1,"b":[1,2],"c":3.0}', '{"b":[],"c":3.0}'],
    ["remove_jsonpath", { path: "$..secret" }, '{"x":{"secret":1,"y":2}}', '{"x":{"y":2}}'],
    ["set_field", { path: "$.metadata.at", value: "now" }, '{"a":1}', '{"a":1,"metadata":{"at":"now"}}'],
    [
      "set_field",
      { path: "$.userId", source_path: "$.user.id", default: "?" },
      '{"user":{"id":12}}',
      '{"user":{"id":12},"userId":12}',
    ],
    ["set_field", { path: "$.userId", source_path: "$.missing", default: "?" }, "{}", '{"userId":"?"}'],
    [
      "set_field",
      { path: "$.items[*].done", value: true },
      '{"items":[{"done":false},{"done":0}]}',
      '{"items":[{"done":true},{"done":true}]}',
    ],
    ["set_field", { path: "$.a", value: 1 }, '"words"', '"words"'],
    ["set_field", { path: "$.__proto__.x", value: 1 }, '{"a":2}', '{"a":2,"__proto__":{"x":1}}'],
    [
      "process_and_set",
      { path: "$.text", processors: [{ type: "to_string" }] },
      '{"a":1}',
      '{"a":1,"text":"{\\"a\\":1}"}',
    ],
    [
      "for_each",
      { path: "$.items[*]", processors: [{ type: "set_field", path: "$.p", value: true }] },
      '{"items":[{"n":1.0},"x"]}',
      '{"items":[{"n":1.0,"p":true},"x"]}',
    ],
    ["for_each", { path: "$.none[*]", processors: [] }, '{"a":1}', '{"a":1}'],
  ])("%s %j: %s gives %s", (type, settings, value, expected) =>
    assert.strictEqual(run([{ type, ...settings }], value), expected),
  )

  it.each<[string, string, boolean]>([
    ["green", '{"v":"green"}', true],
    ["7", '{"v":7}', true],
    [">10", '{"v":11}', true],
    [">10", '{"v":"9"}', false],
    [">=10", '{"v":10}', true],
    ["<=-1", '{"v":-1.5}', true],
    ["==5", '{"v":5.0}', true],
    ["exists", '{"v":false}', true],
    ["exists", '{"v":null}', false],
    ["not_exists", "{}", true],
    ["null", '{"v":[]}', true],
    ["regex:a.c", '{"v":"abc"}', true],
    ["regex:b", '{"v":"abc"}', false],
    ["contains:b", '{"v":"abc"}', true],
    ["contains:b", '{"v":null}', false],
  ])("conditional: %s of %s: %s", (condition, value, taken) => {
    const step = { type: "CONDITIONAL", path: "$.v", routes: [{ [condition]: set(true) }], default: set(false) }
    assert.strictEqual(JSON.parse(run([step], value)).taken, taken)
  })
})

describe("a chain that cannot be read is refused:", () => {
  it.each([
    ["not json", "expected a value"],
    ['"to_string"', "a list of objects"],
    ['[{"type":"shout"}]', "Invalid ML processor type: shout"],
    ["[1]", "Invalid ML processor type: null"],
    ['[{"type":"regex_replace"}]', "'pattern' is required"],
    ['[{"type":"regex_replace","pattern":"(a"}]', "Invalid regex pattern"],
    ['[{"type":"regex_capture","pattern":"a","groups":"x"}]', "Invalid 'groups' format"],
    ['[{"type":"jsonpath_filter","path":"$["}]', "is not a valid JSONPath"],
    ['[{"type":"for_each","path":"$.a","processors":[]}]', "must contain '[*]'"],
    ['[{"type":"conditional","routes":[]}]', "at least one route"],
    ['[{"type":"set_field","path":"$.a"}]', "Either 'value' or 'source_path'"],
    ['[{"type":"process_and_set","path":"$.a"}]', "a list of objects"],
    [`${'[{"type":"for_each","path":"$[*]","processors":'.repeat(40)}[]${"}]".repeat(40)}`, "deeper"],
  ])("%s", (text, sentence) => {
    const chain = ProcessorChain.compile(text)
    assert.isTrue(Result.isFailure(chain))
    if (Result.isFailure(chain)) assert.include(chain.failure, sentence)
  })
})

const step = (type: string, config: object) => ({ type, ...config })
const times = (count: number, one: object) => Array.from({ length: count }, () => one)

describe("a chain that callers may bring", () => {
  const long = JSON.stringify("a".repeat(200_000))
  const list = JSON.stringify(Array.from({ length: 20_000 }, (_, a) => ({ a })))

  it.each<[string, ReadonlyArray<object>, string]>([
    ["makes a text without bound", [step("regex_replace", { pattern: "a", replacement: "b".repeat(1_000) })], long],
    ["doubles a text with each step", times(30, step("regex_replace", { pattern: "a", replacement: "aa" })), '"a"'],
    [
      "puts a value into itself",
      times(60, step("set_field", { path: "$.a", source_path: "$" })).map((one, i) => ({ ...one, path: `$.a${i}` })),
      '{"a":1}',
    ],
    ["puts a value into each part of itself", [step("set_field", { path: "$[*].a", source_path: "$" })], list],
    ["searches a long text for a long pattern", [step("regex_capture", { pattern: "(.*a){150}" })], long],
    ["looks to the end for each match", [step("regex_replace", { pattern: "a.*z|a" })], long],
    ["looks everywhere in everything", [step("jsonpath_filter", { path: `$${"[*,*]".repeat(30)}` })], nested(30)],
    ["asks each part about all the others", [step("jsonpath_filter", { path: "$[?count($..*) > 0]" })], list],
    ["has many steps", times(1_000, step("to_string", {})), long],
    ["asks in many ways", [step("conditional", { routes: times(1_000, { "regex:.*b": [] }) })], long],
  ])("that %s is refused", (_, steps, value) => {
    const chain = Result.getOrThrow(ProcessorChain.compile(JSON.stringify(steps)))
    const ran = Result.flip(chain.run(Result.getOrThrow(Json.parse(value))))
    assert.strictEqual(Result.getOrThrow(ran), "A chain of processors takes too much work")
  })

  // Where each of the places were changed in a copy of the whole, these would take minutes.
  it.each<[string, object]>([
    ["for_each", { path: "$[*]", processors: set(true) }],
    ["set_field", { path: "$[*].b", value: 1 }],
    ["set_field", { path: "$[*].a", value: 1 }],
    ["remove_jsonpath", { path: "$[*].a" }],
    ["remove_jsonpath", { path: "$[*]" }],
  ])("%s %j takes a step for each place", (type, config) => {
    const all = JSON.stringify(Array.from({ length: 100_000 }, () => ({ a: 0 })))
    assert.isBelow(run([{ type, ...config }], all).length, all.length * 4)
  })

  it("changes `__proto__` like any other name", () =>
    assert.strictEqual(
      run(
        [step("set_field", { path: "$['__proto__'].b", value: 1 }), step("remove_jsonpath", { path: "$.a" })],
        '{"__proto__":{"a":1},"a":2}',
      ),
      '{"__proto__":{"a":1,"b":1}}',
    ))
})

const stepsOf = (count: number, of: (i: number) => object) =>
  JSON.stringify(Array.from({ length: count }, (_, i) => of(i)))
const ran = (steps: string, value: string) =>
  Result.getOrThrow(ProcessorChain.compile(steps)).run(Result.getOrThrow(Json.parse(value)))

describe("what a chain produces", () => {
  it.each<[string, string, string]>([
    [
      "parts of itself, again and again",
      stepsOf(18, (i) => ({ type: "set_field", path: `$.a${i}`, source_path: "$" })),
      '{"a":"0123456789"}',
    ],
    [
      "lists of all its parts",
      stepsOf(3, () => ({ type: "jsonpath_filter", path: "$..*" })),
      `${'{"a":'.repeat(60)}"${"x".repeat(500)}"${"}".repeat(60)}`,
    ],
    ["escapes of escapes", stepsOf(22, () => ({ type: "to_string", escape_json: true })), '"\\"\\\\"'],
    [
      "the whole in each of its items",
      JSON.stringify([
        {
          type: "for_each",
          path: "$[*]",
          processors: [{ type: "regex_replace", pattern: "a", replacement: "b".repeat(9_000) }],
        },
      ]),
      JSON.stringify(Array.from({ length: 200 }, () => "a")),
    ],
  ])("is counted each time it would be written: %s", (_, steps, value) => {
    assert.strictEqual(Result.getOrThrow(Result.flip(ran(steps, value))), "A chain of processors takes too much work")
  })

  it("is the same in turns, which come between its steps", async () => {
    const chain = Result.getOrThrow(
      ProcessorChain.compile(stepsOf(20, (i) => ({ type: "set_field", path: `$.a${i}`, value: i }))),
    )
    assert.deepStrictEqual(await chain.runInTurns({ b: 1 }), chain.run({ b: 1 }))
  })

  it.each([3, 8])("with time for one request ends, and %i values share it", (values) => {
    const text = JSON.stringify("a".repeat(30_000))
    const pattern = JSON.stringify([{ type: "regex_replace", pattern: "a.*z|a" }])
    const chain = Result.getOrThrow(ProcessorChain.compile(pattern, { units: 400_000_000, micros: 150_000 }))
    const value = Result.getOrThrow(Json.parse(text))
    const before = process.cpuUsage()
    const outcomes = Array.from({ length: values }, (_, i) => Result.isSuccess(chain.run(value, i > 0)))
    const { user, system } = process.cpuUsage(before)
    assert.isFalse(outcomes.at(-1))
    assert.isBelow(user + system, 3_000_000)
  })
})

const nested = (levels: number) => `${"[".repeat(levels)}1${"]".repeat(levels)}`
