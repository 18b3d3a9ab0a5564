import { Result } from "effect"
import { performance } from "node:perf_hooks"
import { describe, expect, it } from "vitest"
import * as Pattern from "../src/Pattern.ts"

const compiled = (pattern: string, flags?: number) => Result.getOrThrow(Pattern.compile(pattern, flags))

describe("a pattern", () => {
  it("takes time in proportion to the text, where backtracking would double it with each letter", () => {
    const began = performance.now()
    expect(
      compiled("(a+)+$")
        .matcher(`${"a".repeat(20_000)}!`)
        .matches(),
    ).toBe(false)
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it("lets a dot match a line break only with DOTALL", () => {
    expect(compiled("a.b").matches("a\nb")).toBe(false)
    expect(compiled("a.b", Pattern.DOTALL).matches("a\nb")).toBe(true)
  })

  it("costs more work with more text and with a larger program", () => {
    expect(Pattern.work(compiled("ab"), "x".repeat(20))).toBe(10 * Pattern.work(compiled("ab"), "xx"))
    expect(Pattern.work(compiled("(ab){20}"), "x")).toBeGreaterThan(Pattern.work(compiled("ab"), "x"))
  })
})

describe("compile fails with a sentence", () => {
  it.each([
    ["a backreference", String.raw`(a)\1`, /escape/i],
    ["a lookahead", "(?=a)", /group|Perl/i],
    ["a parenthesis that is not closed", "(a", /parenthesis|\)/],
    ["a pattern of more than 10,000 characters", "a".repeat(10_001), /longer than 10000 characters/],
    ["repetitions that multiply", "((a{100}){100})", /invalid|instructions/],
    ["a program of more than 1,000 instructions", "(abcdefghij){101}", /more than 1000 instructions/],
  ])("for %s", (_, pattern, message) => {
    expect(Result.flip(Pattern.compile(pattern))).toSatisfy(
      (flipped: Result.Result<string, unknown>) => Result.isSuccess(flipped) && message.test(flipped.success),
    )
  })
})
