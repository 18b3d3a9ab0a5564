import { assert, describe, it } from "@effect/vitest"
import type { Json } from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as FilterPath from "../src/http/FilterPath.ts"

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
  ["**.**.hits.**._id", { hits: { hits: [{ _id: "a" }, { _id: "b" }] } }],
  ["**.owner.**", { hits: { hits: [{ _source: { owner: { name: "o" } } }] } }],
  ["**.*.**.name", { hits: { hits: [{ _source: { name: "x", owner: { name: "o" } } }] } }],
  ["hits.hits,-**._source", { hits: { hits: [{ _id: "a" }, { _id: "b" }] } }],
]

const filtered = (pattern: string, value: Json): Json =>
  Result.getOrThrow(Result.getOrThrow(FilterPath.parse(pattern)).apply(value))

describe("filter_path", () => {
  for (const [pattern, left] of cases)
    it(pattern, () => assert.deepStrictEqual(filtered(pattern, answer), left as never))

  it("a name of JavaScript's is a name like any other", () =>
    assert.strictEqual(
      JSON.stringify(filtered("__proto__", JSON.parse('{"__proto__":{"a":1},"b":2}'))),
      '{"__proto__":{"a":1}}',
    ))

  // There are more ways through these than anybody has time for.
  it.each(["**.".repeat(199), "**.*.".repeat(90), "-**.a*.".repeat(30)])("%s ends", (pattern) => {
    const deep = (levels: number): Json => (levels === 0 ? 1 : { a: deep(levels - 1), b: deep(levels - 1) })
    assert.isObject(filtered(`${pattern}z`, deep(9)))
  })

  it("of more than 200 names is refused", () =>
    assert.isTrue(Result.isFailure(FilterPath.parse("a.".repeat(100) + ",b".repeat(100)))))
})
