import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ModelInterface from "../src/models/ModelInterface.ts"

/** Each level asks for the next one twice. */
const doubling = (levels: number) => ({
  $defs: Object.fromEntries([
    ...Array.from({ length: levels }, (_, i) => {
      const next = { $ref: `#/$defs/d${i + 1}` }
      return [`d${i}`, { allOf: [next, next], properties: { x: { $ref: `#/$defs/d${i}` } } }] as const
    }),
    [`d${levels}`, { type: "object" }],
  ]),
  $ref: "#/$defs/d0",
})

const problems = (schema: object, value: unknown) =>
  Result.getOrThrow(ModelInterface.compile(JSON.stringify(schema))).problems(value)

describe("a schema whose references", () => {
  it.each([
    ["have no end", { $ref: "#" }],
    ["double the work, again and again", doubling(60)],
  ])("%s ends in a problem", (_, schema) =>
    assert.deepStrictEqual(problems(schema, {}), ["$: the schema's references ask for too much work on this value"]),
  )

  it("are followed says what breaks it, however deep", () => {
    const tree = { type: "object", properties: { a: { $ref: "#" } } }
    assert.deepStrictEqual(problems(tree, { a: { a: {} } }), [])
    assert.deepStrictEqual(problems(tree, { a: { a: 1 } }), ["$.a.a: must be object"])
  })
})

describe("a sub-schema that says nothing", () => {
  const rerank = {
    type: "object",
    properties: { output: { type: "array" }, required: ["output"] },
  }
  it.each<[string, object, unknown, ReadonlyArray<string>, ReadonlyArray<string>]>([
    [
      "a keyword among the properties",
      rerank,
      { output: 1, required: 7 },
      ["/properties/required"],
      ["$.output: must be array"],
    ],
    [
      "a text among the properties",
      { properties: { type: "object", a: { type: "string" } } },
      { a: 1 },
      ["/properties/type"],
      ["$.a: must be string"],
    ],
    ["null", { properties: { a: null } }, { a: 1 }, ["/properties/a"], []],
    [
      "a property that says it is required",
      { properties: { a: { type: "string", required: true } } },
      {},
      ["/properties/a/required"],
      [],
    ],
    [
      "in a definition",
      { $ref: "#/$defs/x", $defs: { x: rerank, "y/~": [] } },
      { output: 1 },
      ["/$defs/x/properties/required", "/$defs/y~1~0"],
      ["$.output: must be array"],
    ],
    [
      "nothing of the kind",
      { properties: { required: { const: ["a"] } } },
      { required: ["b"] },
      [],
      ["$.required: must be equal to constant"],
    ],
  ])("is passed over with a warning, and the rest holds: %s", (_, schema, value, pointers, expected) => {
    assert.deepStrictEqual(problems(schema, value), expected)
    const texts = { output: JSON.stringify(schema) }
    assert.deepStrictEqual(
      ModelInterface.warnings(texts),
      pointers.map((pointer) => `The output interface has no schema at ${pointer}, and nothing is checked there`),
    )
    assert.isTrue(Result.isSuccess(ModelInterface.check(texts)))
  })

  it.each([{ type: "strnig" }, { properties: ["a"] }, { allOf: [1] }, { not: "x" }, { required: "a" }])(
    "is not %j, which is refused",
    (schema) => assert.isTrue(Result.isFailure(ModelInterface.compile(JSON.stringify(schema)))),
  )
})

const nested = (levels: number) => `${'{"properties":{"a":'.repeat(levels)}{"type":"string"}${"}}".repeat(levels)}`
const all = (levels: number) => `${'{"allOf":['.repeat(levels)}{}${"]}".repeat(levels)}`

describe("a schema that nests deep", () => {
  const value = JSON.parse(`${'{"a":'.repeat(999)}1${"}".repeat(999)}`)

  it.each([nested, all])("is refused before it is compiled, or holds against any value", (make) => {
    for (const levels of [1, 50, 90, 99, 150, 400, 490]) {
      const compiled = ModelInterface.compile(make(levels))
      if (Result.isFailure(compiled)) assert.match(compiled.failure, /nests deeper than 200 levels/)
      else assert.isArray(compiled.success.problems(value))
      assert.strictEqual(Result.isSuccess(compiled), levels < 100, `${levels} levels`)
    }
  })
})
