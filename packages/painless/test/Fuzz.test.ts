import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { PainlessError } from "../src/PainlessError.ts"
import { attempt, random } from "./Evaluation.ts"

const seed = 7_031_990
const words =
  `def int String List Map params a b x if else for while do in return break continue throw try catch new true false null
  instanceof ( ) { } [ ] . , ; : ? ?. ?: -> :: + - * / % & | ^ ~ ! < > == != <= >= && || << >> >>> ++ -- = += -= 0 1 2.5 3L 1f 'x' "y"
  '' Math Integer StringBuilder ArrayList HashMap Exception append add size length get put toString substring e escape f ( ) ; ; ( )`.split(
    /\s+/,
  )

type Below = (limit: number) => number

const one = (below: Below, of: ReadonlyArray<string>): string => of[below(of.length)] ?? ""

const values = [
  "a",
  "b",
  "1",
  "2.5",
  "3L",
  "'x'",
  "null",
  "params.a",
  "[a, b]",
  "['k': a]",
  "a.k",
  "a?.k",
  "a[0]",
  "a.length",
  "a + b",
  "a * 2",
  "a == b",
  "(int) b",
  "escape(a)",
  "a.toString()",
  "a.size()",
  "new StringBuilder('s')",
  "x -> a",
  "a ?: b",
  "-b",
  "a instanceof List",
  "a.stream().map(x -> x).collect(Collectors.toList())",
  "new int[b]",
  "b > 1 ? a : b",
  "f(a, b)",
  "a.apply(b)",
  "String.valueOf(a)",
  "/(x|s)+/.matcher('' + a).find()",
  "'' + a =~ /s$/",
  "/s/.split('' + a)",
  "Optional.ofNullable(a)",
  "[a, b].stream().findFirst().get()",
  "[b].stream().mapToInt(x -> x).max()",
  "[a].stream().collect(Collectors.groupingBy(x -> '' + x))",
  "a.hashCode()",
  "Objects.hash(new def[] {a, b})",
  "ZonedDateTime.parse('' + a)",
  "Instant.ofEpochMilli(b).atZone(ZoneId.of('' + a))",
  "a !== b",
  "UUID.randomUUID()",
]
const actions = [
  "a = V",
  "b += V",
  "a += V",
  "a.k = V",
  "a[0] = V",
  "a.add(V)",
  "a.append(V)",
  "a.put(V, V)",
  "b++",
  "a.k++",
  "a.sort(null)",
  "def v = V",
]
const blocks = [
  "if (a != null) { S }",
  "if (V == V) { S } else { S }",
  "for (int i = 0; i < 5; i++) { S }",
  "for (x in a) { S }",
  "while (b++ < 50) { S }",
  "try { S } catch (Exception e) { a = e.message; }",
  "do { S } while (b++ < 9);",
]

/** A valid statement, so that most scripts composed of them compile and interact. */
const statement = (below: Below, depth: number): string =>
  depth < 3 && below(3) === 0
    ? one(below, blocks).replace(/[SV]/g, (hole) => (hole === "S" ? statements(below, depth + 1) : one(below, values)))
    : `${one(below, actions).replaceAll("V", () => one(below, values))};`

const statements = (below: Below, depth: number): string =>
  Array.from({ length: 1 + below(4) }, () => statement(below, depth)).join(" ")

const wordSoup = (below: Below): string => Array.from({ length: 1 + below(25) }, () => one(below, words)).join(" ")

const program = (below: Below): string =>
  `def f(def p, def q) { return p != null ? p : q } def a = params.a; def b = 3; ${statements(below, 0)} return ${one(below, values)}`

describe.each([
  ["random tokens", wordSoup, 4000, 20],
  ["programs", program, 4000, 1000],
])("random %s", (_, make, rounds, least) => {
  it("return data or a PainlessError in bounded time", () => {
    const below = random(seed)
    let ran = 0
    for (let round = 0; round < rounds; round++) {
      const source = make(below)
      const where = `seed ${seed}, round ${round}: ${source}`
      try {
        const result = attempt(source, '{"a":[1,{"k":"v"}],"x":2}', {
          limits: { steps: 20_000, text: 100_000, elements: 10_000 },
        })
        if (Result.isFailure(result)) expect(result.failure, where).toBeInstanceOf(PainlessError)
        if (Result.isSuccess(result) || result.failure.reason._tag !== "Syntax") ran++
      } catch (error) {
        throw new Error(where, { cause: error })
      }
    }
    expect(ran).toBeGreaterThan(least)
  })
})

it("rejects random characters and truncated sources without crashing", () => {
  const below = random(seed)
  const whole =
    "String f(def x) { return x.replace('a', \"b\\\\\") } for (int i = 0; i < 3; i++) { if (i == 1) { return f(params['x'] + i) } }"
  for (let end = 0; end <= whole.length; end++) attempt(whole.slice(0, end))
  for (let round = 0; round < 3000; round++)
    attempt(
      Array.from({ length: below(40) }, () => String.fromCharCode(below(round % 2 === 0 ? 128 : 65_536))).join(""),
    )
})
