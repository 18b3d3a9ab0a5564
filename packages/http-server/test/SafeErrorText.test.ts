import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import * as SafeErrorText from "../src/http/SafeErrorText.ts"

const quoted = "a caller's prompt\n    at the.secret (file:///key.ts:1:1)"
const thrown = (make: () => unknown): unknown => {
  try {
    return make()
  } catch (cause) {
    return cause
  }
}

describe("an unexpected failure", () => {
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
    ["a text", quoted, "A value that is not an Error was thrown"],
    ["a defect that is a text", Cause.die(quoted), "A value that is not an Error was thrown"],
  ])("is described without its message: %s", (_name, fault, kind) => {
    const told = SafeErrorText.describe(fault)
    assert.strictEqual(told.split("\n")[0], kind)
    for (const word of ["prompt", "secret", "key.ts"]) assert.notInclude(told, word)
  })

  it("is described with its stack", () => {
    assert.match(SafeErrorText.describe(new Error(quoted)), /\n {4}at .*SafeErrorText\.test\.ts:\d+:\d+/)
  })
})
