import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ConsoleText from "../src/ConsoleText.ts"
import * as Json from "../src/Json.ts"

const faultOf = (text: string): string | undefined =>
  Result.match(Json.parseUnique(text), {
    onSuccess: () => undefined,
    onFailure: ({ message, line, column }) => `${line}:${column} ${message}`,
  })

describe("duplicate names in one object", () => {
  it.each([
    ['{"a":1,"a":2}', '1:8 Duplicate Object property "a"'],
    ['{"a":{"b":1,\n "c":[{"d":1,"d":2}]}}', '2:14 Duplicate Object property "d"'],
    ['{"a":1,"\\u0061":2}', '1:8 Duplicate Object property "a"'],
    ['{"a" : 1.10 , "a"\n: 1}', '1:15 Duplicate Object property "a"'],
    ['[{"":1,"":1}]', '1:8 Duplicate Object property ""'],
    ['{"__proto__":1,"__proto__":2}', '1:16 Duplicate Object property "__proto__"'],
    ['{"a":"{\\"x\\":1","a":1}', '1:17 Duplicate Object property "a"'],
    [`{"${"n".repeat(200)}":1,"${"n".repeat(200)}":1}`, `1:207 Duplicate Object property "${"n".repeat(64)}"`],
  ])("rejects %s with its position", (text, fault) => assert.strictEqual(faultOf(text), fault))

  it.each([
    '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}',
    '{"a":"a","b":":","c":"\\":\\\\"}',
    '{"a":1.10,"b":1e400,"c":[9007199254740993,-0.0]}',
    '["a","a"]',
    '"a"',
    '{"a":"x\\\\\\\\","b":"\\\\"}',
  ])("accepts %s", (text) => assert.isUndefined(faultOf(text)))

  it("accepts duplicates in upstream responses", () =>
    assert.deepStrictEqual(Result.getOrThrow(Json.parse('{"a":1,"a":2}')), { a: 2 }))

  const seed = Number(process.env["DRAWBAR_PROPERTY_SEED"] ?? Date.now() % 2 ** 31)
  it(`finds a duplicate in a random document, and reports none without one (DRAWBAR_PROPERTY_SEED=${seed})`, () => {
    let state = seed
    const next = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    const texts = ["", "a", ":", '"', "\\", '\\":', "{", "}", "é", "\n"]
    const blank = () => ["", " ", "\n", "\t "][next(4)] ?? ""
    const value = (depth: number): string => {
      const kind = depth > 3 ? next(3) : next(5)
      if (kind === 0) return JSON.stringify(texts[next(texts.length)])
      if (kind === 1) return ["1.10", "true", "null", "1e400"][next(4)] ?? "1"
      if (kind < 4) return `[${Array.from({ length: next(4) }, () => blank() + value(depth + 1) + blank()).join(",")}]`
      return object(depth, false)
    }
    const object = (depth: number, planted: boolean): string => {
      // V8 confuses a name that ends with a quote with one that ends with a backslash if it has seen the latter before.
      const endings = texts.filter((text) => !text.startsWith("\\"))
      const names = Array.from({ length: 1 + next(4) }, (_, i) =>
        JSON.stringify(`${i}${endings[next(endings.length)]}`),
      )
      const all = planted ? [...names, names[next(names.length)] ?? '""'] : names
      return `{${all.map((name) => `${blank()}${name}${blank()}:${blank()}${value(depth + 1)}`).join(",")}}`
    }
    for (let run = 0; run < 3_000; run++) {
      assert.isUndefined(faultOf(`[${value(0)},${object(0, false)}]`))
      const text = `[${value(0)},{"x":${object(0, true)}}]`
      assert.match(faultOf(text) ?? text, /Duplicate Object property/)
    }
  })
})

describe("a byte order mark before JSON", () => {
  it.each(['{"a":1}', " [1]", "{"])("parses %s like the text without the mark", (text) => {
    const [marked, plain] = [Json.parse(`\uFEFF${text}`), Json.parse(text)]
    assert.deepStrictEqual(
      Result.match(marked, { onSuccess: (it) => it, onFailure: ({ line, column }) => `${line}:${column}` }),
      Result.match(plain, { onSuccess: (it) => it, onFailure: ({ line, column }) => `${line}:${column}` }),
    )
  })

  it("skips the mark in console text", () => {
    for (const text of ['{"a":1}', 'POST /x\n{"a":1}', '// says\n{"a":1}'])
      assert.deepStrictEqual(Result.getOrThrow(ConsoleText.parse(`\uFEFF${text}`)), { a: 1 })
  })

  it("skips one mark, not several", () => assert.isTrue(Result.isFailure(Json.parse("\uFEFF\uFEFF{}"))))
})
