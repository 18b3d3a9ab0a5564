/**
 * The cost of a search: random patterns match the same as a reference implementation, and the steps depend only on the
 * input.
 */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as SearchPattern from "../src/search/SearchPattern.ts"
import { compileSourceFilter, parseSourceFilter } from "../src/search/SearchSource.ts"
import { SearchWork } from "../src/search/SearchWork.ts"

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
const random = (() => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
})()

const pick = (of: ReadonlyArray<string>) => of[random(of.length)] ?? ""
const word = (letters: ReadonlyArray<string>, most: number) =>
  Array.from({ length: random(most + 1) }, () => pick(letters)).join("")

/** The reference: a regular expression. */
const plain = (pattern: string) =>
  new RegExp(
    `^${[...pattern].map((c) => (c === "*" ? ".*" : c === "?" ? "." : c.replace(/[.\\]/, "\\$&"))).join("")}$`,
    "su",
  )

const record = (depth: number): Json => {
  if (depth === 0 || random(4) === 0) return word(["x"], 2)
  if (random(4) === 0) return Array.from({ length: random(3) }, () => record(depth - 1))
  return Object.fromEntries(
    Array.from({ length: random(4) }, () => [word(["a", "b", "."], 3) || "a", record(depth - 1)]),
  )
}

/** The reference: each path against each pattern. */
const kept = (
  value: Json,
  includes: ReadonlyArray<RegExp>,
  excludes: ReadonlyArray<RegExp>,
  prefix: string,
  whole: boolean,
): Json | undefined => {
  if (isObject(value)) {
    const left = Object.entries(value).flatMap(([key, child]) => {
      const path = prefix + key
      if (excludes.some((one) => one.test(path))) return []
      const part = kept(child, includes, excludes, `${path}.`, whole || includes.some((one) => one.test(path)))
      return part === undefined ? [] : [[key, part] as const]
    })
    return whole || left.length > 0 ? Object.fromEntries(left) : undefined
  }
  if (Array.isArray(value)) {
    const left = value.flatMap((item: Json) => kept(item, includes, excludes, prefix, whole) ?? [])
    return whole || left.length > 0 ? left : undefined
  }
  return whole ? value : undefined
}

describe(`patterns (SEED=${seed})`, () => {
  it("match like an equivalent regular expression", () => {
    for (let n = 0; n < 3_000; n++) {
      const pattern = word(["a", "b", "*", "?", "\u{1F600}", "."], 40)
      const text = word(["a", "b", ".", "\u{1F600}"], 80)
      assert.strictEqual(
        SearchPattern.matches(SearchPattern.parse(pattern), text),
        plain(pattern).test(text),
        `${pattern} on ${text}`,
      )
    }
  })

  it("match the same together, alone, and with the text in pieces", () => {
    for (let n = 0; n < 1_000; n++) {
      const patterns = Array.from({ length: 1 + random(6) }, () => word(["a", "b", "*", "?"], 20))
      const set = SearchPattern.PatternSet.of(patterns.map(SearchPattern.parse))
      const [head, tail] = [word(["a", "b"], 10), word(["a", "b"], 10)]
      const found = set.accepts(set.advance(set.advance(set.start, head), tail))
      assert.strictEqual(
        found,
        patterns.some((one) => plain(one).test(head + tail)),
        `${patterns.join(" ")} on ${head}|${tail}`,
      )
    }
  })

  it("in _source select the same fields as the reference", () => {
    for (let n = 0; n < 2_000; n++) {
      const list = () => Array.from({ length: random(4) }, () => word(["a", "b", ".", "*"], 5) || "a")
      const filter = { includes: list(), excludes: list() }
      const source = record(5)
      if (!isObject(source)) continue
      const shown = compileSourceFilter(filter)(source, () => undefined)
      const expected = kept(
        source,
        filter.includes.map(plain),
        filter.excludes.map(plain),
        "",
        filter.includes.length === 0,
      )
      assert.deepStrictEqual(shown ?? {}, (expected ?? {}) as JsonObject, JSON.stringify({ filter, source }))
    }
  })
})

describe("the work of _source", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => `*a${"*b".repeat(60)}*${i}`)

  it("is bounded by the characters of the names, whatever the patterns are", () => {
    const filter = Result.getOrThrow(parseSourceFilter(hundred))
    const show = compileSourceFilter(filter)
    const names = Array.from({ length: 500 }, (_, i) => `${"ab".repeat(50)}${i}`)
    let steps = 0
    show(Object.fromEntries(names.map((name) => [name, { x: 1 }])), (more) => (steps += more))
    const characters = names.join("").length + 2 * names.length
    assert.isAtMost(steps, characters * Math.ceil((100 * 256) / 32) * 2)
  })

  it("stops where no pattern can match any more", () => {
    const filter = Result.getOrThrow(parseSourceFilter("name"))
    let steps = 0
    const deep = { other: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])), name: "n" }
    assert.deepStrictEqual(
      compileSourceFilter(filter)(deep, (more) => (steps += more)),
      { name: "n" },
    )
    assert.isAtMost(steps, 100)
  })

  it.effect("yields to other requests, and fails at its limit", () =>
    Effect.gen(function* () {
      const work = new SearchWork({ searchSteps: 10_000, searchBytes: 1_000, stepsBetweenTurns: 1_000 })
      for (let n = 0; n < 10; n++) {
        work.spend(1_000)
        yield* work.check
      }
      assert.strictEqual(work.turns, 10)
      work.spend(1)
      assert.include((yield* Effect.flip(work.check)).message, "requires too much work")
      const other = new SearchWork({ searchSteps: 10_000, searchBytes: 1_000, stepsBetweenTurns: 1_000 })
      other.show(1_001)
      assert.include((yield* Effect.flip(other.check)).message, "are larger than [1000] bytes")
    }),
  )
})
