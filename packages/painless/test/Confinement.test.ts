import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Script from "../src/Script.ts"
import { attempt, evaluate, failure, random, text } from "./Evaluation.ts"

/** Names that would expose the host if lookups used JavaScript objects. */
const names = [
  "constructor",
  "__proto__",
  "prototype",
  "__defineGetter__",
  "__lookupGetter__",
  "hasOwnProperty",
  "isPrototypeOf",
  "valueOf",
  "toLocaleString",
  "caller",
  "arguments",
  "apply",
  "call",
  "bind",
  "eval",
  "process",
  "globalThis",
  "require",
  "then",
  "toJSON",
  "sub",
  "anchor",
  "at",
  "items",
  "entries",
  "code",
  "kind",
  "value",
]

const receivers = [
  "''",
  "1",
  "1.5",
  "1L",
  "true",
  "[]",
  "[:]",
  "new StringBuilder()",
  "new Exception('x')",
  "x -> x",
  "new int[1]",
]

describe("no name leads out of the script", () => {
  it.each(names)("%s is neither a variable nor a function", (name) => {
    expect(failure(name).reason._tag).toBe("Syntax")
    expect(failure(`${name}('x')`).reason._tag).toBe("Syntax")
  })

  it.each(names)("%s is an ordinary map key", (name) => {
    expect(evaluate(`params.${name}`)).toBe(null)
    expect(evaluate(`params.containsKey('${name}')`)).toBe(false)
    expect(evaluate(`params['${name}']`, `{"${name}":5}`)).toBe(5)
    expect(text(`def m = [:]; m.${name} = 1; m['${name}'] += 1; m`)).toBe(`{"${name}":2}`)
    expect(text("params", `{"${name}":{"${name}":[1]}}`)).toBe(`{"${name}":{"${name}":[1]}}`)
    expect(evaluate(`params.${name}.${name}`, `{"${name}":{"${name}":"x"}}`)).toBe("x")
  })

  it.each(names)("%s is neither a field nor a method of any value", (name) => {
    for (const receiver of receivers) {
      if (name === "value" || (name === "apply" && receiver === "x -> x")) continue
      const read = attempt(`def v = ${receiver}; v.${name}`)
      expect(Result.isSuccess(read) ? read.success : null).toBe(null)
      expect(Result.isFailure(attempt(`def v = ${receiver}; v.${name}('return process')`))).toBe(true)
    }
  })

  it("climbing from params to a constructor fails at the first step", () => {
    expect(failure("params.constructor.constructor('return process')()").reason._tag).toBe("Syntax")
    expect(failure("params.constructor.constructor('return process')").reason).toMatchObject({
      kind: "NullPointerException",
    })
    expect(failure("def s = ''; s.sub()").reason).toMatchObject({ kind: "IllegalArgumentException" })
    expect(failure("''.getClass()").reason._tag).toBe("Syntax")
    expect(failure("def f = Function::constructor").reason._tag).toBe("Syntax")
    expect(failure("def f = String::constructor").reason._tag).toBe("Syntax")
    expect(failure("new Function('return 1')").reason._tag).toBe("Syntax")
  })
})

describe("data is copied in and out", () => {
  it("changes by a script stay in the script", () => {
    const data = { list: [1], map: { a: 1 } }
    const script = Result.getOrThrow(
      Script.compile("params.list.add(2); params.map.a = 5; params.new = 1; return params"),
    )
    const first = Result.getOrThrow(Script.run(script, data))
    expect(data).toEqual({ list: [1], map: { a: 1 } })
    expect(Result.getOrThrow(Script.run(script, data))).toEqual(first)
  })

  it("returned records have no prototype", () => {
    const out = evaluate("return ['__proto__': ['polluted': true], 'constructor': 1]")
    expect(Object.getPrototypeOf(out)).toBe(null)
    expect(Object.keys(Object(out))).toEqual(["__proto__", "constructor"])
    expect(Reflect.get({}, "polluted")).toBe(undefined)
  })

  it("keys that begin with NUL differ from keys of other classes", () => {
    expect(text("def m = [1.0: 'double']; m['\u0000Double 1.0'] = 'text'; m.size()")).toBe("2")
    expect(text("params", '{"\\u0000String x":1,"x":2}')).toBe('{"\\u0000String x":1,"x":2}')
    expect(
      text("params['\u0000a'] + params['\u0000String \u0000a']", '{"\\u0000a":1,"\\u0000String \\u0000a":2}'),
    ).toBe("3")
    expect(text("def m = [:]; m['\u0000a'] = 1; m.remove('\u0000a'); m.size()")).toBe("0")
  })

  it("any JSON round-trips unchanged", () => {
    const seed = 20_240_611
    const below = random(seed)
    const json = (depth: number): string => {
      const kind = below(depth > 3 ? 5 : 7)
      if (kind === 0) return ["true", "false", "null"][below(3)] ?? ""
      if (kind === 1) return `${below(1000) - 500}`
      if (kind === 2) return `${below(1e6)}${String(below(1e9)).padStart(9, "0")}${below(1e6)}`.replace(/^0+(?=\d)/, "")
      if (kind === 3) return `${below(1000)}.${below(999) + 1}`.replace(/0+$/, "")
      if (kind === 4) return JSON.stringify(names[below(names.length)])
      const items = Array.from({ length: below(4) }, () => json(depth + 1))
      return kind === 5
        ? `[${items.join(",")}]`
        : `{${items.map((item, i) => `"${names[below(names.length)]}${i}":${item}`).join(",")}}`
    }
    for (let round = 0; round < 300; round++) {
      const value = json(0)
      expect(text("params.v", `{"v":${value}}`), `seed ${seed}, round ${round}`).toBe(value)
    }
  })
})
