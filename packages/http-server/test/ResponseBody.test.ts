/** What goes back, whatever the answer is like: in part, on many lines, and never a failure of the writer's own. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ResponseBody from "../src/http/ResponseBody.ts"
import * as RequestBounds from "../src/http/RequestBounds.ts"
import * as FilterPath from "../src/http/FilterPath.ts"

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}1${"]}".repeat(levels / 2)}`
const filter = (text: string) => Result.getOrThrow(FilterPath.parse(text))
const written = (text: string, pretty: boolean, filterPath?: string) =>
  ResponseBody.write(new ResponseBody.JsonText(text), {
    pretty,
    filterPath: filterPath === undefined ? undefined : filter(filterPath),
  })

describe("an answer", () => {
  it.each(["**.a", "-**.b", "a.**", "**.**.**.z,**.*a*.**", "-a*.**.b"])(
    "of any nesting is filtered by %s or refused by name",
    (pattern) => {
      for (const levels of [10, 500, 998, 1_000, 1_010, 20_000]) {
        const text = written(nested(levels), false, pattern)
        if (levels <= 1_000) assert.isTrue(Result.isSuccess(text), String(levels))
        else
          assert.strictEqual(
            Result.match(text, { onSuccess: () => "", onFailure: ({ message }) => message }),
            "filter_path cannot be applied to this answer: it nests deeper than 1000 levels. Leave filter_path out",
          )
      }
    },
  )

  it("of more nesting than is read is written on one line, as it came", () => {
    assert.strictEqual(Result.getOrThrow(written(nested(1_010), true)), nested(1_010))
    assert.include(Result.getOrThrow(written(nested(10), true)), '\n  "a": [')
  })

  it("whose indentation would be larger than allowed is written on one line", () => {
    const item = nested(900)
    const text = `[${Array.from({ length: 40 }, () => item).join(",")}]`
    assert.strictEqual(Result.getOrThrow(written(text, true)), text)
    const wide = `[${'"\\"[[",'.repeat(100_000)}1]`
    assert.isAbove(Result.getOrThrow(written(wide, true)).length, wide.length)
  })

  it("is never longer than it is without indentation by more than allowed, by any depth and width", () => {
    for (const depth of [1, 100, 900])
      for (const width of [1, 100, 20_000]) {
        const text = `${"[".repeat(depth)}${"0,".repeat(width)}0${"]".repeat(depth)}`
        const { length } = Result.getOrThrow(written(text, true))
        assert.isAtMost(length, text.length + RequestBounds.indentation + 1, `${depth} deep, ${width} wide`)
      }
  })

  it("that is longer than allowed is not filtered", () => {
    const text = JSON.stringify("x".repeat(RequestBounds.filteredResponse))
    assert.include(String(Result.getFailure(written(text, false, "a"))), "RequestError")
  })
})

/** Names that are all different, so that no step is remembered. */
const names = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${"a".repeat(length)}${i}`, { b: i }]))

describe("the work of filter_path", () => {
  it.each([
    ["many **", "**.a*.".repeat(99) + "z", names(300_000, 10)],
    ["many patterns with stars", Array.from({ length: 200 }, (_, i) => `*a*a*a*${i}`).join(","), names(2_000, 200)],
    ["a long pattern on long names", `${"*a".repeat(4_000)}b`, names(10, 20_000)],
    ["exclusions", `-${"**.*a*.".repeat(60)}z`, names(200_000, 30)],
  ] as const)("is refused where it is too much: %s", (_, pattern, value) => {
    const outcome = filter(pattern).apply(value)
    assert.include(String(Result.getOrUndefined(Result.flip(outcome))), "filter_path asks for too much work")
  })

  it("is little for an answer that has the same names again and again", () => {
    const hits = Array.from({ length: 10_000 }, (_, i) => ({
      _id: `${i}`,
      _source: { name: "n", owner: { name: "o" } },
    }))
    const left = Result.getOrThrow(filter("hits.hits._id,hits.**.name,-**.owner").apply({ hits: { hits } }))
    assert.strictEqual(
      JSON.stringify(left).length,
      JSON.stringify({ hits: { hits: hits.map(({ _id }) => ({ _id, _source: { name: "n" } })) } }).length,
    )
  })
})
