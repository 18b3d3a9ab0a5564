/** Defaults of placeholders are literal text. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import { body } from "./render.ts"

describe("a default that contains a placeholder", () => {
  it("is rejected with instructions", () => {
    const compiled = BodyTemplate.compile('{"a":"${parameters.a:-${parameters.b}}"}', {})
    expect(Result.isFailure(compiled) && compiled.failure.message).toBe(
      "request_body, line 1, column 7: the default of ${parameters.a:-${parameters.b}} contains a placeholder, but defaults are literal text. " +
        'Write ${parameters.a}, and add "a" with the default as its value to the connector\'s parameters, which may contain placeholders.',
    )
    // The correction has the intended effect.
    expect(body('{"a":"${parameters.a}"}', { author: { a: "${parameters.b}", b: "x" } })).toBe('{"a":"x"}')
    expect(body('{"a":"${parameters.a}"}', { author: { a: "${parameters.b}", b: "x" }, caller: { a: "y" } })).toBe(
      '{"a":"y"}',
    )
  })

  it("takes linear time, however many defaults are unbalanced", () => {
    const begun = performance.now()
    body(`{"a":"${"${parameters.x:-{}".repeat(9_000)}"}`, {})
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})
