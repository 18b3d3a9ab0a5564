/** `target op= operand` by the table of types: Java's result, cast to the class that the target held. */
import { describe, expect, it } from "vitest"
import { failure, random, text } from "./Evaluation.ts"

const seed = 20_011_113

/** Integers by type: how a literal is written, and how a number is truncated to the type. */
const whole = {
  byte: { written: (value: number) => `(byte) ${value}`, bits: 8 },
  short: { written: (value: number) => `(short) ${value}`, bits: 16 },
  int: { written: (value: number) => `${value}`, bits: 32 },
  long: { written: (value: number) => `${value}L`, bits: 64 },
} as const
const fractions = {
  float: { written: (value: number) => `${value}f` },
  double: { written: (value: number) => `${value}d` },
} as const
const operators = ["+", "-", "*"] as const
const places = [
  ["a variable", (held: string) => [`def t = ${held};`, "t"]],
  ["a field", (held: string) => [`def m = ['f': ${held}];`, "m.f"]],
  ["an element", (held: string) => [`def l = [0, ${held}];`, "l[1]"]],
  ["an element of an array", (held: string) => [`def[] a = new def[] {${held}};`, "a[0]"]],
] as const

const compute = (operator: (typeof operators)[number], left: number, right: number): number =>
  operator === "+" ? left + right : operator === "-" ? left - right : left * right

/** A number cast as in Java: a fraction is truncated, and a value out of the range of int or long is clamped first. */
const cut = (value: number, bits: number): string => {
  const width = bits === 64 ? 64 : 32
  const least = -(2n ** BigInt(width - 1))
  const most = 2n ** BigInt(width - 1) - 1n
  const integer = BigInt(Math.trunc(value))
  const clamped = integer < least ? least : integer > most ? most : integer
  return `${BigInt.asIntN(bits, clamped)}`
}

describe.each(places)("on %s of def", (_, place) => {
  const below = random(seed)
  it.each(Object.keys(whole) as ReadonlyArray<keyof typeof whole>)(
    "%s keeps its class, whatever the operand",
    (type) => {
      const { bits, written } = whole[type]
      for (let round = 0; round < 60; round++) {
        const held = below(201) - 100
        const operator = operators[below(operators.length)] ?? "+"
        const isFraction = below(2) === 0
        const right = isFraction ? (below(4001) - 2000) / 8 : below(201) - 100
        const other = isFraction
          ? fractions[below(2) === 0 ? "float" : "double"].written(right)
          : whole[(["byte", "short", "int", "long"] as const)[below(4)] ?? "int"].written(right)
        const [declared, target] = place(written(held))
        const source = `${declared} def o = ${other}; ${target} ${operator}= o; ${target}`
        expect(text(source), `seed ${seed}, round ${round}: ${source}`).toBe(cut(compute(operator, held, right), bits))
        const known = `${declared} ${target} ${operator}= ${other}; ${target}`
        expect(text(known), `seed ${seed}, round ${round}: ${known}`).toBe(cut(compute(operator, held, right), bits))
      }
    },
  )

  it.each(Object.keys(fractions) as ReadonlyArray<keyof typeof fractions>)("%s keeps its fraction", (type) => {
    for (let round = 0; round < 40; round++) {
      const held = (below(401) - 200) / 8
      const right = (below(401) - 200) / 8
      const operator = operators[below(operators.length)] ?? "+"
      const [declared, target] = place(fractions[type].written(held))
      const source = `${declared} ${target} ${operator}= ${right}; ${target} instanceof ${type} ? ${target} : null`
      expect(Number(text(source)), `seed ${seed}, round ${round}: ${source}`).toBe(compute(operator, held, right))
    }
  })

  it.each(Object.keys(whole) as ReadonlyArray<keyof typeof whole>)("++ and -- on %s wrap around", (type) => {
    const { bits, written } = whole[type]
    const [least, most] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    const suffix = type === "long" ? "L" : ""
    const edge = (value: bigint) => (bits < 32 ? `(${type}) ${value}` : `${value}${suffix}`)
    for (const [held, step, expected] of [
      [edge(most), "++", least],
      [edge(least), "--", most],
      [written(5), "++", 6n],
    ] as const) {
      const [declared, target] = place(held)
      expect(text(`${declared} ${target}${step}; '' + ${target}`)).toBe(`"${expected}"`)
    }
  })
})

describe("values that are not numbers", () => {
  it.each([
    ["def s = 'a'; s += 1; s", '"a1"'],
    ["def s = 'a'; def o = null; s += o; s", '"anull"'],
    ["def s = 0; s += 'x'; s", '"0x"'],
    ["def c = (char) 65; c += 1; '' + c", '"B"'],
    ["def c = (char) 65; c++; '' + c", '"B"'],
    ["def b = true; b &= false; b", "false"],
    ["def x = 7; x <<= 2; x", "28"],
    ["def x = 7; x /= 2.0; x", "3"],
    ["def x = 7; x %= 4.5; x", "2"],
  ])("%s", (source, expected) => expect(text(source)).toBe(expected))

  it("cannot be cast back to a number", () => {
    expect(failure("def s = 0; def o = 'x'; s += o").reason).toMatchObject({
      _tag: "Runtime",
      kind: "ClassCastException",
    })
  })
})
