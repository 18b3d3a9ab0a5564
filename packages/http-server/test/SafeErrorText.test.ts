import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import * as SafeErrorText from "../src/http/SafeErrorText.ts"

const quoted = "what somebody asked\n    at his.secret (file:///key.ts:1:1)"
const thrown = (make: () => unknown): unknown => {
  try {
    return make()
  } catch (cause) {
    return cause
  }
}

describe("a failure that nobody foresaw", () => {
  it.each([
    ["an error", new TypeError(quoted), "TypeError"],
    [
      "an error with properties",
      Object.assign(new Error(quoted), { input: quoted, code: "ERR_INVALID_URL" }),
      "Error (ERR_INVALID_URL)",
    ],
    ["an error with an odd code", Object.assign(new Error(quoted), { code: quoted }), "Error"],
    ["an error with an odd name", Object.assign(new Error(quoted), { name: quoted }), "Error"],
    ["an error for another", new Error("outer", { cause: new Error(quoted) }), "Error"],
    ["the engine's own", thrown(() => JSON.parse(quoted)), "SyntaxError"],
    ["a defect", Cause.die(new RangeError(quoted)), "RangeError"],
    ["a text", quoted, "something that is no Error was thrown"],
    ["a defect that is a text", Cause.die(quoted), "something that is no Error was thrown"],
  ])("is told without its words: %s", (_name, fault, kind) => {
    const told = SafeErrorText.describe(fault)
    assert.strictEqual(told.split("\n")[0], kind)
    for (const word of ["somebody", "secret", "key.ts"]) assert.notInclude(told, word)
  })

  it("is told with where it came from", () => {
    assert.match(SafeErrorText.describe(new Error(quoted)), /\n {4}at .*SafeErrorText\.test\.ts:\d+:\d+/)
  })
})
