/** A template's own member that is the parameter of its name is left as it is rendered; every other is looked at. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as CompiledDialect from "../src/dialect/CompiledDialect.ts"

const splicedOf = (request_body: string, more: object = {}) => [
  ...Result.getOrThrow(
    CompiledDialect.compile(
      {},
      { action_type: "PREDICT", method: "POST", url: "https://models.example/", request_body, ...more },
      {},
      undefined,
    ),
  ).spliced,
]

describe("the members that are spliced", () => {
  it.each([
    ['{"model":"m","messages":${parameters.messages}}', ["messages"]],
    [
      '{"model":"${parameters.model}","messages": ${parameters.messages} ,"tools":${parameters.tools}}',
      ["messages", "tools"],
    ],
    ['{"inner":{"messages":${parameters.messages}}}', []],
    ['{"messages":"${parameters.messages}"}', []],
    ['{"messages":${parameters.messages:-[]}}', []],
    ['{"messages":${parameters.other},"other":1}', []],
    ['{"messages":[${parameters.messages}]}', []],
    ['{"key":"${credential.messages}","messages":9000000000000000}', []],
    ["${parameters.messages}", []],
    ["", []],
  ])("of %s are %j", (template, expected) => {
    assert.deepStrictEqual(splicedOf(template), expected)
  })

  it("are none where a function makes the parameters", () => {
    assert.deepStrictEqual(splicedOf('{"messages":${parameters.messages}}', { pre_process_function: "return '';" }), [])
  })
})
