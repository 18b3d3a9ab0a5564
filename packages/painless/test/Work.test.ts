/** Steps limit time: host calls count by the size of their operands. Measured in steps, never in seconds. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as World from "../src/World.ts"
import { attempt, failure } from "./Evaluation.ts"

const passes = (source: string, params: string, steps: number): boolean => {
  const result = attempt(source, params, { limits: { steps } })
  if (Result.isSuccess(result)) return true
  expect(result.failure.reason, source).toMatchObject({ _tag: "LimitExceeded", what: "steps" })
  return false
}

/** The minimum number of steps with which a script completes. */
const cost = (source: string, params: string): number => {
  let [low, high] = [0, 1]
  while (!passes(source, params, high)) {
    low = high
    high *= 2
  }
  while (high - low > Math.max(1, high / 8)) {
    const middle = (low + high) >> 1
    if (passes(source, params, middle)) high = middle
    else low = middle
  }
  return high
}

const texts = (length: number): string => JSON.stringify({ s: "ab".repeat(length / 2), t: "b".repeat(length) })

describe("work on a text is proportional to it", () => {
  it.each([
    ["as a key that is put", "def m = [:]; for (int i = 0; i < 50; i++) { m.put(params.s, i) }"],
    ["as a key that is read", "def m = [:]; for (int i = 0; i < 50; i++) { m.get(params.s) }"],
    ["as a key by index", "def m = [:]; for (int i = 0; i < 50; i++) { m[params.s] = m[params.s] }"],
    ["as a member of a set", "def s = new HashSet(); for (int i = 0; i < 50; i++) { s.add(params.s) }"],
    ["as an element", "def l = []; for (int i = 0; i < 50; i++) { l.add(params.s) }"],
    ["as an element of a literal", "for (int i = 0; i < 50; i++) { def l = [params.s] }"],
    ["equality", "for (int i = 0; i < 50; i++) { if (params.s == params.s + '') { int x = 1 } }"],
    ["order", "for (int i = 0; i < 50; i++) { params.s.compareTo(params.s) }"],
    ["its hash code", "for (int i = 0; i < 50; i++) { params.s.hashCode() }"],
    ["a search", "for (int i = 0; i < 50; i++) { params.s.indexOf('bbbbbbbbbb') }"],
    ["a search that fails late", "for (int i = 0; i < 50; i++) { params.t.indexOf('abbbbbbbbbbbbbbbbbbb') }"],
    ["a replacement", "for (int i = 0; i < 50; i++) { params.s.replace('a', 'c') }"],
    ["a split", "for (int i = 0; i < 50; i++) { params.s.splitOnToken('a') }"],
    ["joining", "for (int i = 0; i < 50; i++) { String.join(',', [params.s, params.s]) }"],
    ["a copy in another case", "for (int i = 0; i < 50; i++) { params.s.toUpperCase() }"],
    ["Base64", "for (int i = 0; i < 50; i++) { params.s.encodeBase64() }"],
    ["its characters", "for (int i = 0; i < 50; i++) { params.s.chars() }"],
    ["the reverse", "for (int i = 0; i < 50; i++) { new StringBuilder(params.s).reverse() }"],
    ["a pattern that finds nothing", "for (int i = 0; i < 50; i++) { if (params.s =~ /x/) { int x = 1 } }"],
    ["a pattern that is split by", "for (int i = 0; i < 10; i++) { /b/.split(params.s) }"],
    ["a pattern that is replaced", "for (int i = 0; i < 10; i++) { /b/.matcher(params.s).replaceAll('x') }"],
    ["the built-in escape", "for (int i = 0; i < 50; i++) { escape(params.s) }"],
  ])("%s", (_, source) => {
    const [small, large] = [cost(source, texts(4_096)), cost(source, texts(16_384))]
    expect(large / small, `${small} steps, then ${large}`).toBeGreaterThan(2)
  })
})

const lists = (length: number): string =>
  JSON.stringify({ l: Array.from({ length }, (_, index) => (index * 7919) % 1009), m: { a: 1 } })

describe("work on a list is proportional to it", () => {
  it.each([
    ["a copy", "for (int i = 0; i < 20; i++) { new ArrayList(params.l) }"],
    ["a set", "for (int i = 0; i < 20; i++) { new HashSet(params.l) }"],
    ["a search", "for (int i = 0; i < 20; i++) { params.l.indexOf(-1) }"],
    ["equality", "for (int i = 0; i < 20; i++) { params.l.equals(new ArrayList(params.l)) }"],
    ["its hash code", "for (int i = 0; i < 20; i++) { params.l.hashCode() }"],
    ["its text", "for (int i = 0; i < 20; i++) { params.l.toString() }"],
    ["joining", "for (int i = 0; i < 20; i++) { params.l.join(',') }"],
    ["sorting", "for (int i = 0; i < 20; i++) { new ArrayList(params.l).sort(null) }"],
    ["a stream", "for (int i = 0; i < 20; i++) { params.l.stream().sorted() }"],
    ["a part", "for (int i = 0; i < 20; i++) { params.l.stream().distinct().count() }"],
    ["groups", "for (int i = 0; i < 20; i++) { params.l.stream().collect(Collectors.groupingBy(x -> x % 3)) }"],
    ["an insertion at the front", "def l = new ArrayList(params.l); for (int i = 0; i < 2000; i++) { l.add(0, 1) }"],
    ["a removal at the front", "def l = new ArrayList(params.l); for (int i = 0; i < 400; i++) { l.remove(0) }"],
    ["removing all", "for (int i = 0; i < 20; i++) { new ArrayList(params.l).removeAll([-1, -2]) }"],
  ])("%s", (_, source) => {
    const [small, large] = [cost(source, lists(512)), cost(source, lists(4_096))]
    expect(large / small, `${small} steps, then ${large}`).toBeGreaterThan(2)
  })
})

const world = (millisPerLook: number): World.World => {
  let spent = 0
  return { ...World.fixed(), spent: () => (spent += millisPerLook) }
}

describe("the processor clock also counts", () => {
  it("stops a script whose steps take too long", () => {
    expect(
      failure("int i = 0; while (true) { i++ }", "{}", { world: world(100), limits: { time: 1_000 } }).message,
    ).toBe("line 1: the script exceeds its limit of 1000 (time)")
  })

  it("is checked after each long search", () => {
    const source = "int n = 0; def m = /[a-z]*x|a/.matcher(params.s); while (m.find()) { n++ } return n"
    const params = JSON.stringify({ s: "a".repeat(20_000) })
    expect(failure(source, params, { world: world(100), limits: { time: 1_000 } }).reason).toMatchObject({
      what: "time",
    })
  })

  it("cannot be caught", () => {
    const source = "while (true) { try { int i = 0; while (true) { i++ } } catch (Exception e) { } }"
    expect(failure(source, "{}", { world: world(1_000) }).reason).toMatchObject({ what: "time" })
  })

  it("leaves a script alone that finishes in time", () => {
    expect(Result.isSuccess(attempt("int i = 0; while (i < 1000) { i++ }", "{}", { world: world(100) }))).toBe(true)
  })
})

describe("new values are counted when they are created", () => {
  it.each([
    ["keys of 1 MB", "def m = [:]; int i = 0; while (true) { m.put(s + i++, 1) }"],
    ["elements of 1 MB", "def l = []; while (true) { l.add(s + l.size()) }"],
    ["one text of 1 MB, added repeatedly", "def l = []; while (true) { l.add(s) }"],
    ["pieces of 60 KB", "def p = s.substring(0, 60000); def l = []; while (true) { l.add(p + l.size()) }"],
    ["copies of 1 MB", "int n = 0; while (true) { n += s.toUpperCase().length() }"],
    ["a pattern over 1 MB", "int n = 0; while (true) { if (s =~ /x/) { n++ } }"],
  ])("%s are stopped by their steps", (_, source) => {
    const script = `def s = 'a'; for (int i = 0; i < 20; i++) { s += s } ${source}`
    expect(failure(script).reason).toMatchObject({ _tag: "LimitExceeded", what: "steps" })
  })

  it("a list that contains one list many times counts it each time", () => {
    expect(failure("def l = ['x']; for (int i = 0; i < 40; i++) { l = [l, l] } return l").reason).toMatchObject({
      _tag: "LimitExceeded",
    })
    expect(failure("def l = ['x']; for (int i = 0; i < 40; i++) { l = [l, l] } return '' + l").reason).toMatchObject({
      _tag: "LimitExceeded",
    })
  })
})
