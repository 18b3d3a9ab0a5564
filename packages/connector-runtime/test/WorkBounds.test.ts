/** What callers and platforms may send that is short to write and could be long to read: each ends in a refusal or a result. */
import { assert, describe, it } from "@effect/vitest"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Redacted, Result } from "effect"
import * as CompiledConnector from "../src/call/CompiledConnector.ts"
import * as JsonQuery from "../src/response/JsonQuery.ts"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import * as ProcessorChain from "../src/chain/ProcessorChain.ts"
import * as ResponseFilter from "../src/response/ResponseFilter.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as AwsClock from "../src/auth/AwsClock.ts"
import * as TokenUsage from "../src/response/TokenUsage.ts"

const size = 300_000
const filled = (piece: string) => piece.repeat(size / piece.length)

const many = (make: (i: number) => readonly [string, unknown]) =>
  Object.fromEntries(Array.from({ length: size / 20 }, (_, i) => make(i)))

describe("a path", () => {
  it.each([filled("[?"), filled("'"), filled(".a"), `$[?${filled("(")}`, `$[?${filled("@.a&&")}@.b]`])(
    "of %.20s is refused",
    (path) => {
      for (const part of [path, path.slice(0, JsonQuery.longest)])
        assert.isTrue(Result.isFailure(ResponseFilter.compile(part)) || part.length < path.length)
    },
  )

  const deep = JSON.parse(`${"[".repeat(90)}1${"]".repeat(90)}`)
  const wide = Array.from({ length: 30_000 }, (_, a) => ({ a, b: "a".repeat(20) }))
  it.each<[string, unknown]>([
    [`$${"[*,*]".repeat(60)}`, deep],
    ["$..*..*..*..*..*", deep],
    ["$[?count($..*) > 0]", wide],
    ["$..[?count($[*][*]) > 0]", wide],
    ["$[?search(@.b, $[?@.a == 1].b)]", wide],
    ["$[?$[?$[?@.a == 1].a == 1].a == 1]", wide],
  ])("of %s takes too much work", (path, value) => {
    const found = JsonQuery.compile(path).pipe(Result.flatMap((query) => query.nodes(value as never)))
    assert.isTrue(Result.isFailure(found))
  })

  it("finds more values than a call can have arguments", () => {
    const { nodes } = Result.getOrThrow(JsonQuery.compile("$.a[*]"))
    assert.strictEqual(Result.getOrThrow(nodes({ a: Array<number>(500_000).fill(0) })).length, 500_000)
  })

  it.each([
    ["$[?match(@.b, 'a{20}')]", 1],
    ["$[?match(@.b, 'a{19}')]", 0],
    ["$[?search(@.b, 'a{19}')]", 1],
    ["$[?search(@.b, '(a)\\\\1')]", 0],
    ["$[?match(@.c, 'a.b')]", 0],
    ["$[?match(@.c, 'a[.\\\\r]b')]", 1],
    ["$[?match(@.d, 'x')]", 0],
  ])("%s finds %i", (path, count) => {
    const { nodes } = Result.getOrThrow(JsonQuery.compile(path))
    assert.strictEqual(Result.getOrThrow(nodes([{ b: "a".repeat(20), c: "a\rb", d: 1 }])).length, count)
  })
})

describe("a chain of processors", () => {
  it.each<[string, ReadonlyArray<object>]>([
    ["many steps", Array.from({ length: 5_000 }, () => ({ type: "to_string" }))],
    ["many patterns", Array.from({ length: 5_000 }, () => ({ type: "regex_capture", pattern: "(a|b){1,200}" }))],
    ["a long text", [{ type: "set_field", path: "$.a", value: filled("x") }]],
  ])("of %s is refused", (_, steps) => assert.isTrue(Result.isFailure(ProcessorChain.compile(JSON.stringify(steps)))))
})

describe("an answer", () => {
  it.each([filled('"eval_count" '), filled('"usage":'), filled(" "), `"eval_count"${" ".repeat(size)}`])(
    "of %.12s is searched for its tokens",
    (text) => assert.isUndefined(TokenUsage.ofText(text)),
  )

  it.each([filled("["), filled("{"), filled('"'), filled("[1,"), filled('{"a":'), `"${filled("\\")}`, filled("-")])(
    "of %.12s is rejected as invalid JSON",
    (text) => assert.isTrue(Result.isFailure(JsonSource.parse(text))),
  )

  it("that repeats the beginning of a secret is masked", () => {
    const mask = SecretMask.make({ key: Redacted.make(`${"a".repeat(2_000)}b`) })
    assert.strictEqual(mask.apply("a".repeat(3_000_000)).length, 3_000_000)
  })

  it.each<[string, string, string]>([
    ["a part around its middle", `${"a".repeat(2_000)}b${"a".repeat(2_000)}`, "a"],
    ["its parts", "abcd".repeat(1_000), "abcdabcx"],
    ["itself", "ab".repeat(1_000), "ab"],
  ])("that repeats %s is masked", (_, secret, part) => {
    const text = part.repeat(1_000_000 / part.length)
    const masked = SecretMask.of([secret]).apply(text)
    // What is left is shorter than the secret.
    if (part === "ab") assert.match(masked, /^\*+(?:ab){0,999}$/)
    else assert.strictEqual(masked, text)
  })
})

describe("a connector", () => {
  const action = { action_type: "predict", method: "POST", url: "https://a.example/", request_body: "{}" }
  it.each<[string, object]>([
    ["a body of holes", { request_body: filled("${parameters.a}") }],
    ["a text of holes", { request_body: `{"a":"${filled("${parameters.a} ")}"}` }],
    ["a list of holes", { request_body: `[${filled("${parameters.a},")}1]` }],
    ["names of holes", { request_body: `{${filled('"${parameters.k}":1,')}"z":1}` }],
    ["a URL of holes", { url: `https://a.example/${filled("${parameters.a}")}` }],
    ["a body that opens", { request_body: filled("[") }],
    ["a body of members", { request_body: JSON.stringify(many((i) => [`k${i}`, 1])) }],
    ["headers", { headers: many((i) => [`h-${i}`, "${parameters.a}"]) }],
    ["a script of brackets", { pre_process_function: `return ${filled("(")}1` }],
    ["a script of sums", { pre_process_function: `return ${filled("1+")}1;` }],
    ["a script of signs", { pre_process_function: `return ${filled("-")}1;` }],
    ["a script of choices", { pre_process_function: `return ${filled("a?b:")}1;` }],
    ["a script of casts", { pre_process_function: `return ${filled("(int)")}1;` }],
    ["a script of members", { pre_process_function: `return params${filled(".a")};` }],
    ["a script of names", { pre_process_function: filled("def a;") }],
  ])("of %s is compiled or refused", (_, change) => {
    const document = { name: "a", version: 1, protocol: "http", actions: [{ ...action, ...change }] }
    const { connector } = Result.getOrThrow(Blueprint.check(document))
    assert.isDefined(Result.match(CompiledConnector.compile(connector, []), { onSuccess: Object, onFailure: String }))
  })
})

it.each(["-1", "1e3", "NaN", "9".repeat(16), ["1", "2"]])("a token count of %s is ignored", (count) => {
  const headers = { "x-amzn-bedrock-input-token-count": count, "x-amzn-bedrock-output-token-count": count }
  assert.isUndefined(TokenUsage.ofResponse({ headers }, "{}"))
  const counted = { ...headers, "x-amzn-bedrock-input-token-count": "3" }
  assert.deepStrictEqual(TokenUsage.ofResponse({ headers: counted }, "{}"), { input: 3, output: 0 })
})

const refusal = (date: string) => ({ status: 403, headers: { date } })

describe("the time at AWS", () => {
  it("is believed where it is a time", () => {
    const clock = AwsClock.make()
    assert.isTrue(clock.recover(refusal("Wed, 25 Nov 2026 12:00:00 GMT"), 0))
    assert.strictEqual(clock.correct(0), Date.UTC(2026, 10, 25, 12))
  })

  it.each(["Fri, 01 Jan 1000 00:00:00 GMT", "Thu, 01 Jan 275000 00:00:00 GMT", "soon"])(
    "is not %s, with which nothing could be signed any more",
    (date) => {
      const clock = AwsClock.make()
      assert.isFalse(clock.recover(refusal(date), 0))
      assert.strictEqual(clock.correct(7), 7)
    },
  )
})
