import { describe, expect, it } from "vitest"
import { random, text } from "./Evaluation.ts"

const seed = 19_950_523
const edges = ["0", "1", "-1", "2", "7", "31", "63", "2147483647", "-2147483648", "65536", "46341"]
const longEdges = [...edges, "4294967296", "9223372036854775807", "-9223372036854775808", "3037000500", "-4294967297"]

const signed = (bits: 32 | 64, value: bigint): bigint => BigInt.asIntN(bits, value)

/** The same operations on unlimited integers, truncated to the width at the end. */
const operations: Record<string, (left: bigint, right: bigint, bits: 32 | 64) => bigint> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "<<": (a, b, bits) => a << (b & BigInt(bits - 1)),
  ">>": (a, b, bits) => a >> (b & BigInt(bits - 1)),
  ">>>": (a, b, bits) => BigInt.asUintN(bits, a) >> (b & BigInt(bits - 1)),
}

describe.each([
  ["int", 32, "", edges],
  ["long", 64, "L", longEdges],
] as const)("%s arithmetic is that of the integers, truncated to %i bits", (type, bits, suffix, edges) => {
  const below = random(seed)
  const operand = (): bigint =>
    below(2) === 0
      ? BigInt(edges[below(edges.length)] ?? "0")
      : signed(bits, (BigInt(below(2 ** 31)) << 40n) ^ (BigInt(below(2 ** 31)) << 16n) ^ BigInt(below(2 ** 31)))
  it.each(Object.keys(operations))("%s", (operator) => {
    for (let round = 0; round < 60; round++) {
      const left = operand()
      const right = operand()
      if ((operator === "/" || operator === "%") && right === 0n) continue
      const expected = signed(bits, operations[operator]?.(left, right, bits) ?? 0n)
      const written = `${left}${suffix} ${operator} ${right}${suffix}`
      const typed = `${type} a = ${left}${suffix}; ${type} b = ${right}${suffix}; a ${operator}= b; a`
      const open = `def a = ${left}${suffix}; def b = ${right}${suffix}; a ${operator} b`
      for (const source of [written, typed, open])
        expect(text(source), `seed ${seed}, round ${round}: ${source}`).toBe(`${expected}`)
    }
  })
})

describe("doubles", () => {
  it("round-trip through their text", () => {
    const below = random(seed)
    for (let round = 0; round < 500; round++) {
      const value = (below(2 ** 31) - 2 ** 30) * 10 ** (below(60) - 40)
      const printed = JSON.parse(text("'' + params.v", `{"v":${value.toExponential()}}`))
      expect(Number(printed), `seed ${seed}, round ${round}`).toBe(value)
      expect(printed, `seed ${seed}, round ${round}`).toMatch(/^-?\d+\.\d+(?:E-?\d+)?$/)
    }
  })

  it("have the shortest text that parses to the same float", () => {
    const below = random(seed)
    for (let round = 0; round < 2000; round++) {
      const value = Math.fround((below(2 ** 31) - 2 ** 30) * 2 ** (below(80) - 60))
      const printed = String(JSON.parse(text("'' + params.v.floatValue()", `{"v":${value.toExponential()}}`)))
      expect(Math.fround(Number(printed)), `seed ${seed}, round ${round}`).toBe(value)
      const shortest = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
        (digits) => Math.fround(Number(value.toPrecision(digits))) === value,
      )
      const digits = printed
        .replace(/E.*/, "")
        .replace(/[-.]/g, "")
        .replace(/^0+|0+$/g, "").length
      expect(digits, `seed ${seed}, round ${round}: ${printed}`).toBeLessThanOrEqual(shortest ?? 9)
    }
  })
})
