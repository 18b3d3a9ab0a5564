import * as Json from "../src/Json.ts"
import { Result } from "effect"
import { describe, expect, it } from "vitest"

describe("rejects invalid JSON with its position and does not repeat the text", () => {
  it.each([
    ['{"a":1,\n "b": }', "expected a value", 2, 7],
    ['{"a":1,\n "b": 3', "the text ends before the document does", 2, 8],
    ['{"key": sk-planted}', "expected a value", 1, 9],
    ['{"a":1}}', "unexpected text after the end of the document", 1, 8],
    ['{"a":"x\ny"}', "this string holds a raw line break, another control character or an unknown escape", 1, 6],
    ['{"a":"x', "this string is not closed", 1, 6],
    ["[1,]", 'a trailing "," before "]"', 1, 4],
    ['{"a":1,}', 'a trailing "," before "}"', 1, 8],
    ["{a:1}", "expected a name in double quotes", 1, 2],
    ["// note\n{}", "expected a value", 1, 1],
    ['{"a" 1}', 'expected ":" after a name', 1, 6],
    ["01", "unexpected text after the end of the document", 1, 2],
    ["", "the text ends before the document does", 1, 1],
  ])("%j", (text, message, line, column) => {
    expect(Result.getOrThrow(Result.flip(Json.parse(text)))).toMatchObject({ message, line, column })
  })

  it("rejects a text that nests too deep", () => {
    const deep = "[".repeat(100_000)
    expect(Result.getOrThrow(Result.flip(Json.parse(deep))).message).toContain("deeper than 1000 levels")
  })

  it.each([
    ["objects", "{},"],
    ["members", '"a":0,'],
    ["items", "0,"],
    ["lists", "[],"],
  ])("rejects a text with a million %s before parsing it", (_, part) => {
    const [open, close] = part.startsWith('"') ? ["{", '"z":0}'] : ["[", "0]"]
    const many = (count: number) => Json.parse(`${open}${part.repeat(count)}${close}`)
    expect(Result.getOrThrow(Result.flip(many(1_000_000))).message).toContain("more than 1000000 parts")
    expect(Result.isSuccess(many(200_000))).toBe(true)
  })

  it("accepts a string that contains many brackets", () => {
    const marks = JSON.stringify(":[{,".repeat(600_000))
    expect(Result.isSuccess(Json.parse(marks))).toBe(true)
  })
})

it.each(["1.10", "1e400", "9007199254740993", "-0.0", '{"a":[1.0,2]}', '"\\u00e9"', "1"])(
  "prints %s unchanged",
  (text) => {
    const expected = text === '"\\u00e9"' ? '"é"' : text
    expect(Json.stringify(Result.getOrThrow(Json.parse(text)))).toBe(expected)
  },
)
