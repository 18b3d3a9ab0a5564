import { assert, describe, it } from "@effect/vitest"
import * as FilterPath from "../src/FilterPath.ts"

const answer = {
  took: 1,
  hits: {
    total: { value: 2 },
    hits: [
      { _id: "a", _source: { name: "x", owner: { name: "o" } } },
      { _id: "b", _source: { version: "1" } },
    ],
  },
}

const cases: ReadonlyArray<readonly [pattern: string, left: unknown]> = [
  ["took", { took: 1 }],
  ["nothing", {}],
  ["hits.total", { hits: { total: { value: 2 } } }],
  ["hits.hits._id", { hits: { hits: [{ _id: "a" }, { _id: "b" }] } }],
  ["hits.hits._source.name", { hits: { hits: [{ _source: { name: "x" } }] } }],
  ["t*k", { took: 1 }],
  ["t*o*k*", { took: 1 }],
  ["*.total", { hits: { total: { value: 2 } } }],
  ["**.name", { hits: { hits: [{ _source: { name: "x", owner: { name: "o" } } }] } }],
  ["took,hits.total.value", { took: 1, hits: { total: { value: 2 } } }],
  ["-hits", { took: 1 }],
  ["-hits.hits._source,-took", { hits: { total: { value: 2 }, hits: [{ _id: "a" }, { _id: "b" }] } }],
  ["hits.hits,-**._source", { hits: { hits: [{ _id: "a" }, { _id: "b" }] } }],
]

describe("filter_path", () => {
  for (const [pattern, left] of cases)
    it(pattern, () => assert.deepStrictEqual(FilterPath.parse(pattern).apply(answer), left as never))

  it("a name of JavaScript's is a name like any other", () =>
    assert.strictEqual(
      JSON.stringify(FilterPath.parse("__proto__").apply(JSON.parse('{"__proto__":{"a":1},"b":2}'))),
      '{"__proto__":{"a":1}}',
    ))
})
