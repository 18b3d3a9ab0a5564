/** A reader may send any text to be looked at: what that takes is bounded in readings of the text and in parts of its tree. */
import { assert, describe, it } from "vitest"
import * as Lint from "../src/Lint.ts"

const ten = 10_000

const texts: Readonly<Record<string, string>> = {
  "many numbers": `{"a":[${"0,".repeat(3 * ten)}0]}`,
  "many objects": `[${'{"a":[]},'.repeat(2 * ten)}{}]`,
  "many keys": `{${Array.from({ length: 3 * ten }, (_, n) => `"${n}":0`).join(",")}}`,
}

const faults = (filler: number) =>
  Lint.text(`{"filler":"${"x".repeat(filler)}","b":[${"[1,],".repeat(150)}1]}`).filter(({ code }) => code === "syntax")

describe("a text that is looked at", () => {
  it.each(Object.entries(texts))("is refused for its parts: %s", (_, text) => {
    const findings = Lint.text(text)
    assert.strictEqual(findings[0]?.message, "it has more than 20000 parts")
    assert.lengthOf(findings, 1)
  })

  it("is refused for its length", () => {
    assert.match(Lint.text(`"${"a".repeat(500_000)}"`)[0]?.message ?? "", /^It is longer than 500000 characters/)
  })

  it("has as many faults taken out as it may be read again", () => {
    assert.isAtLeast(faults(0).length, 100)
    assert.isAtMost(faults(450_000).length, 8)
    assert.isAtLeast(faults(450_000).length, 5)
  })
})
