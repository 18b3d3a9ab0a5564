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
