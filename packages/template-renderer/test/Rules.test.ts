import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import { body, bodyResult, url } from "./render.ts"
import { positions, table } from "./RuleTable.ts"

describe("R1 a template is JSON with placeholders", () => {
  it.each([
    ['{"a":"${parameters.x}"}', ["string"]],
    ['{"${parameters.x}":1}', ["string"]],
    ['{"a":${parameters.x}}', ["value"]],
    ['{"a": ${parameters.x} , "b":1}', ["value"]],
    ["[${parameters.x}, ${parameters.y}]", ["value", "value"]],
    ["[${parameters.x:-}]", ["fragment"]],
    ["[${parameters.x}{}${parameters.y}]", ["fragment", "fragment"]],
    ["[${parameters.x}${parameters.y}]", ["fragment", "fragment"]],
    ['{"a":1 ${parameters.x}}', ["fragment"]],
    ['{"a":1,${parameters.x}}', ["fragment"]],
    ['{"a":${parameters.x}${parameters.y}}', ["value", "fragment"]],
    [" ${parameters.x} ", ["whole"]],
    ['{"a":"${parameters.x}"}\n${parameters.y}\n', ["string", "whole"]],
  ])("%s has the positions %j", (source, expected) => {
    expect(positions(source)).toEqual(expected)
  })

  table(
    [
      ["keeps whitespace as written", ' { "a" : [ 1 , 2 ] }\n', {}, {}, ' { "a" : [ 1 , 2 ] }\n'],
      ["parses NDJSON by line", '{"a":1}\n{"b":"${parameters.x}"}\n', {}, { x: "1\n2" }, '{"a":1}\n{"b":"1\\n2"}\n'],
      ["keeps a blank body blank", " ", {}, {}, " "],
      ["an object that is not closed", '{"a":${parameters.x}', {}, { x: 1 }, "document: Malformed"],
      ["an extra brace", '{"a":1}}', {}, {}, "document: Malformed"],
      ["an extra comma", '{"a":${parameters.x},}', {}, { x: 1 }, "document: Malformed"],
      ["two commas by a fragment", "[1,,${parameters.x:-}]", {}, {}, "document: Malformed"],
      ["no comma between items", "[1 2]", {}, {}, "document: Malformed"],
      ["a single quote", "{'a':1}", {}, {}, "document: Malformed"],
      ["a raw line break in a string", '{"a":"\n"}', {}, {}, "document: Malformed"],
      ["an object as the default of a value", '{"a":${parameters.x:-{}}}', {}, {}, '{"a":{}}'],
      ["two placeholders as the body", "${parameters.x}${parameters.y}", {}, { x: 1, y: 2 }, "document: Malformed"],
      ["an unclosed placeholder", '{"a":"${parameters.x"', {}, {}, "document: UnclosedPlaceholder"],
      ["an unknown prefix", '{"a":"${x}"}', {}, {}, "document: UnknownPrefix"],
      ["a prefix without a name", '{"a":"${parameters.}"}', {}, {}, "document: InvalidName"],
      ["a space in a name", '{"a":"${parameters. x}"}', {}, {}, "document: InvalidName"],
      ["a credential in a body", '{"a":"${credential.key}"}', {}, {}, "document: CredentialOutsideHeader"],
    ],
    body,
  )

  it("reports line and column of the template, and shows no parameter", () => {
    const compiled = BodyTemplate.compile('{\n  "a": ${parameters.x},\n  "b" 1\n}', {})
    expect(Result.isFailure(compiled) && compiled.failure.reason).toMatchObject({
      place: { in: "request_body", line: 3, column: 7, excerpt: '  "b" 1' },
    })
    const composed = BodyTemplate.compile("${parameters.x}", { x: '{"secret" ${parameters.y}' })
    expect(Result.isFailure(composed) && composed.failure.message).not.toContain("secret")
  })

  it("rejects nesting that would overflow a parser", () => {
    expect(body("[".repeat(100_000), {})).toBe("document: Malformed")
  })
})

describe("R2 a string accepts any text", () => {
  table(
    [
      ["quotes and controls are escaped", '{"p":"${parameters.p}"}', {}, { p: 'a "b"\nc' }, '{"p":"a \\"b\\"\\nc"}'],
      ["slash and é are kept", '{"p":"${parameters.p}"}', {}, { p: "/é😀" }, '{"p":"/é😀"}'],
      ["text like JSON is text", '{"p":"${parameters.p}"}', {}, { p: '{"k":1}' }, '{"p":"{\\"k\\":1}"}'],
      [
        "text like a placeholder is text",
        '{"p":"${parameters.p}"}',
        { s: "x" },
        { p: "${parameters.s}" },
        '{"p":"${parameters.s}"}',
      ],
      [
        "a value that is not a string is inserted as its JSON text",
        '{"p":"${parameters.p}"}',
        {},
        { p: ["x"] },
        '{"p":"[\\"x\\"]"}',
      ],
      ["an author's escapes are kept", '{"p":"${parameters.p}"}', { p: 'a\\n\\"b\\"' }, {}, '{"p":"a\\n\\"b\\""}'],
      ["an author's raw text is escaped", '{"p":"${parameters.p}"}', { p: 'a\n"b"' }, {}, '{"p":"a\\n\\"b\\""}'],
      ["a caller's escapes are text", '{"p":"${parameters.p}"}', {}, { p: "a\\n" }, '{"p":"a\\\\n"}'],
      ["a key takes text too", '{"${parameters.p}":1}', {}, { p: 'a"b' }, '{"a\\"b":1}'],
      [
        "no_escape_params has no effect",
        '{"p":"${parameters.p}"}',
        {},
        { p: '"', no_escape_params: "p" },
        '{"p":"\\""}',
      ],
    ],
    body,
  )

  it("escapes the result of a process function, and gives the caller precedence", () => {
    expect(body('{"p":"${parameters.p}"}', { runtime: { p: '"' }, author: { p: "a" } })).toBe('{"p":"\\""}')
    expect(body('{"p":"${parameters.p}"}', { runtime: { p: "r" }, caller: { p: "c" } })).toBe('{"p":"c"}')
  })
})

describe("R3 an author's parameter may be a template", () => {
  const string = '{"p":"${parameters.p}"}'
  table(
    [
      ["in a string", string, { p: "Q: ${parameters.q}" }, { q: 'a"b' }, '{"p":"Q: a\\"b"}'],
      ["in a value", '{"m":${parameters.m}}', { m: '[{"c":"${parameters.q}"}]' }, { q: '"' }, '{"m":[{"c":"\\""}]}'],
      ["in a whole body", "${parameters.m}", { m: '{"c":${parameters.q}}' }, { q: 1.5 }, '{"c":1.5}'],
      ["among members", '{"a":1${parameters.t:-}}', { t: ',"t":[${parameters.u:-}]' }, { u: "1," }, '{"a":1,"t":[1]}'],
      ["several levels deep", string, { p: "${parameters.q}!", q: "${parameters.r}?" }, { r: "x" }, '{"p":"x?!"}'],
      [
        "a caller replaces it entirely",
        string,
        { p: "Q: ${parameters.q}" },
        { p: "${parameters.q}" },
        '{"p":"${parameters.q}"}',
      ],
      ["each literal part is judged separately", string, { p: 'a\\n${parameters.q}"' }, { q: "" }, '{"p":"a\\n\\""}'],
      ["another ${ in it is literal text", string, { p: "${x} ${parameters.q}" }, { q: "y" }, '{"p":"${x} y"}'],
      [
        "a backslash before a placeholder",
        string,
        { p: "C:\\${parameters.q}n" },
        { q: "n" },
        "document: BackslashTouchesPlaceholder",
      ],
      [
        "\\u00 before a placeholder",
        string,
        { p: "\\u00${parameters.q}" },
        { q: "22" },
        "document: BackslashTouchesPlaceholder",
      ],
      ["a finished escape before a placeholder", string, { p: "C:\\\\${parameters.q}" }, { q: "n" }, '{"p":"C:\\\\n"}'],
      [
        "a backslash in the template",
        '{"p":"\\${parameters.q}"}',
        {},
        { q: "n" },
        "document: BackslashTouchesPlaceholder",
      ],
      [
        "\\u00 in the template",
        '{"p":"\\u00${parameters.q}"}',
        {},
        { q: "22" },
        "document: BackslashTouchesPlaceholder",
      ],
      ["a cycle", string, { p: "${parameters.q}", q: "${parameters.p}" }, {}, "document: Cycle"],
      [
        "toString in an author's parameter",
        string,
        { p: "C: ${parameters.c.toString()}" },
        { c: ["x"] },
        '{"p":"C: [\\"x\\"]"}',
      ],
      ["toString in the template", '{"p":"${parameters.c.toString()}"}', {}, { c: { a: 1 } }, '{"p":"{\\"a\\":1}"}'],
      [
        "toString of an author's text",
        '{"p":"${parameters.c.toString()}"}',
        { c: '["\\n"]' },
        {},
        '{"p":"[\\"\\\\n\\"]"}',
      ],
      ["toString outside quotes", '{"p":${parameters.c.toString()}}', {}, { c: 1 }, "document: Malformed"],
      ["a credential in it", string, { p: "${credential.key}" }, {}, "document: CredentialOutsideHeader"],
      [
        "a template that is not JSON",
        '{"m":${parameters.m}}',
        { m: "[${parameters.q}" },
        { q: 1 },
        "document: Malformed",
      ],
    ],
    body,
  )

  it("rejects parameters that would multiply without limit", () => {
    const author = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`p${i}`, `\${parameters.p${i + 1}}\${parameters.p${i + 1}}`]),
    )
    expect(body('{"p":"${parameters.p0}"}', { author })).toBe("document: TooManyPlaceholders")
    const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`p${i}`, `\${parameters.p${i + 1}}`]))
    expect(body('{"p":"${parameters.p0}"}', { author: chain })).toBe("document: TooManyPlaceholders")
  })
})

describe("R4 a value accepts one JSON value", () => {
  const value = '{"v":${parameters.v}}'
  table(
    [
      ["a list", value, {}, { v: [1, "a"] }, '{"v":[1,"a"]}'],
      ["text of a number", value, {}, { v: "7" }, '{"v":7}'],
      ["text of an object", value, {}, { v: ' {"a":[1e5,true,null]} ' }, '{"v": {"a":[1e5,true,null]} }'],
      ["an author's JSON", value, { v: "0.10" }, {}, '{"v":0.10}'],
      ["text", value, {}, { v: "hello" }, "call: NotAJsonValue"],
      ["an author's text", value, { v: "hello" }, {}, "document: NotAJsonValue"],
      ["an author's text that the caller replaces", value, { v: "hello" }, { v: 1 }, '{"v":1}'],
      ["two values", value, {}, { v: '1,"b":2' }, "call: NotAJsonValue"],
      ["an unfinished value", value, {}, { v: "[1" }, "call: NotAJsonValue"],
      ["a lenient value", value, {}, { v: "{a:1}" }, "call: NotAJsonValue"],
      ["no text", value, {}, { v: "" }, "call: NotAJsonValue"],
      ["a leading zero", value, {}, { v: "01" }, "call: NotAJsonValue"],
    ],
    body,
  )

  it("keeps a number's digits", () => {
    const template = Result.getOrThrow(BodyTemplate.compile(value, {}))
    const caller = new Map([["v", Parameter.json("12345678901234567890.50")]])
    expect(Result.getOrThrow(BodyTemplate.render(template, { caller, runtime: new Map() }))).toBe(
      '{"v":12345678901234567890.50}',
    )
  })

  it("names the placeholder and how to quote it, without the text", () => {
    const rendered = bodyResult(value, { caller: { v: "my private prompt" } })
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Parameter 'v' fills ${parameters.v}, which requires a JSON value, but its text is not one. " +
        'Send it as JSON, or quote the placeholder in request_body, "${parameters.v}", to send it as a string.',
    )
  })

  it("keeps a value on its line of NDJSON", () => {
    const template = Result.getOrThrow(BodyTemplate.compile("{}\n${parameters.v}\n", {}))
    const caller = new Map([["v", Parameter.json('{\n"a":1\r\n}')]])
    expect(Result.getOrThrow(BodyTemplate.render(template, { caller, runtime: new Map() }))).toBe('{}\n{ "a":1  }\n')
  })
})

describe("R5 a fragment gets exactly the commas that its neighbours require", () => {
  const chat = "[${parameters.h:-}{}${parameters.i:-}]"
  const members = '{"a":1${parameters.t:-}}'
  table(
    [
      ["nothing", chat, {}, {}, "[{}]"],
      ["no text", chat, {}, { h: "", i: " , " }, "[{}]"],
      ["null", chat, {}, { h: null, i: null }, "[{}]"],
      ["without a default", "[${parameters.h}{}${parameters.i}]", {}, {}, "[{}]"],
      ["with its commas", chat, {}, { h: "1,2,", i: ",3" }, "[1,2,{},3]"],
      ["without its commas", chat, {}, { h: "1", i: "2,3" }, "[1,{},2,3]"],
      ["with commas on the wrong side", chat, {}, { h: ",1", i: "2," }, "[1,{},2]"],
      ["commas in the template", "[${parameters.h:-}, {} , ${parameters.i:-}]", {}, { i: "2" }, "[ {}  ,2]"],
      ["fragments alone", "[${parameters.h:-}${parameters.i:-}${parameters.j:-}]", {}, { h: "1", j: "2" }, "[1,2]"],
      ["the last of several fragments alone", "[${parameters.h:-}${parameters.i:-}]", {}, { i: "2" }, "[2]"],
      ["the only item", "[${parameters.h:-}]", {}, { h: "1,2" }, "[1,2]"],
      ["members", members, {}, { t: ',"b":2,"c":3' }, '{"a":1,"b":2,"c":3}'],
      ["a member first", '{${parameters.t:-}"a":1}', {}, { t: '"b":2' }, '{"b":2,"a":1}'],
      ["a default", '{"a":1${parameters.t:-,"b":2}}', {}, {}, '{"a":1,"b":2}'],
      ["an author's", members, { t: '"b":2,' }, {}, '{"a":1,"b":2}'],
      ["a list among items is an item", "[0 ${parameters.h:-}]", {}, { h: [1] }, "[0 ,[1]]"],
      ["a bracket that would close the list", chat, {}, { i: "1],2" }, "call: NotAJsonFragment"],
      ["text", chat, {}, { i: "hello" }, "call: NotAJsonFragment"],
      ["members among items", chat, {}, { i: '"a":1' }, "call: NotAJsonFragment"],
      ["items among members", members, {}, { t: "1" }, "call: NotAJsonFragment"],
      ["two commas", chat, {}, { i: ",,1" }, "call: NotAJsonFragment"],
      ["a key of the template", members, {}, { t: '"a":2' }, "call: RepeatedKey"],
      ["a later key of the template", '{${parameters.t:-}"a":1}', {}, { t: '"a":2' }, "call: RepeatedKey"],
      ["a key of the template in another spelling", members, {}, { t: '"\\u0061":2' }, "call: RepeatedKey"],
      [
        "a key of another fragment",
        '{${parameters.s}"a":1${parameters.t}}',
        {},
        { s: '"b":1', t: '"b":2' },
        "call: RepeatedKey",
      ],
      [
        "a key of an author's fragment",
        '{${parameters.s}"a":1${parameters.t}}',
        { s: '"b":1' },
        { t: '"b":2' },
        "call: RepeatedKey",
      ],
      [
        "a key of an author's fragment that the caller replaces",
        '{${parameters.s}"a":1${parameters.t}}',
        { s: '"b":1' },
        { s: '"c":1', t: '"b":2' },
        '{"c":1,"a":1,"b":2}',
      ],
      ["a key that a caller writes", '{"a":1,"${parameters.k}":2}', {}, { k: "a" }, "call: RepeatedKey"],
      ["the same key in another object", '{"a":{"b":1},"${parameters.k}":2}', {}, { k: "b" }, '{"a":{"b":1},"b":2}'],
      ["__proto__ is an ordinary key", members, {}, { t: '"__proto__":2' }, '{"a":1,"__proto__":2}'],
    ],
    body,
  )
})

describe("R9 absent and null", () => {
  const nullable = '{"a":"${parameters.a:-null}"}'
  table(
    [
      ["a default in a string", '{"a":"${parameters.a:-x}"}', {}, {}, '{"a":"x"}'],
      ["a default in a value", '{"a":${parameters.a:-[]}}', {}, {}, '{"a":[]}'],
      ["an empty default", '{"a":"${parameters.a:-}"}', {}, {}, '{"a":""}'],
      ["the first :- begins it, the first } ends it", '{"a":"${parameters.a:-b:-c}}"}', {}, {}, '{"a":"b:-c}"}'],
      [
        "a default that contains a placeholder",
        '{"a":"${parameters.a:-${parameters.b}}"}',
        { b: "x" },
        {},
        "document: NestedDefault",
      ],
      [
        "a nested default without its last brace",
        '{"a":"${parameters.a:-${parameters.b}"}',
        {},
        {},
        "document: NestedDefault",
      ],
      ["any ${ in a default", '{"a":"${parameters.a:-${b}}"}', {}, {}, "document: NestedDefault"],
      [
        "a nested default in an author's parameter",
        "${parameters.m}",
        { m: '{"a":${parameters.a:-${parameters.b}}}' },
        {},
        "document: NestedDefault",
      ],
      ["an object as a default", '{"a":${parameters.o:-{"b":{"c":[1]}}},"d":1}', {}, {}, '{"a":{"b":{"c":[1]}},"d":1}'],
      [
        "a default whose strings contain braces",
        '{"a":${parameters.o:-{"b":"}","c":"\\"}"}}}',
        {},
        {},
        '{"a":{"b":"}","c":"\\"}"}}',
      ],
      ["a string as the default", '{"a":${parameters.o:-"a}b"}}', {}, {}, '{"a":"a}b"}'],
      ["a list of objects as a default", '{"a":${parameters.o:-[{},{"b":1}]}}', {}, {}, '{"a":[{},{"b":1}]}'],
      [
        "an escaped object as a default in a string",
        '{"a":"${parameters.o:-{\\"b\\":\\"}\\"}}"}',
        {},
        {},
        '{"a":"{\\"b\\":\\"}\\"}"}',
      ],
      ["an object as a default that the caller replaces", '{"a":${parameters.o:-{}}}', {}, { o: [1] }, '{"a":[1]}'],
      ["an unbalanced default ends at its first brace", '{"a":"${parameters.a:-{}"}', {}, {}, '{"a":"{"}'],
      [
        "a quote in text does not begin a string",
        '{"a":"${parameters.a:-5" disk}","b":"}"}',
        {},
        {},
        '{"a":"5\\" disk","b":"}"}',
      ],
      ["a default in quotes is escaped", '{"a":"${parameters.a:-"x"}"}', {}, {}, '{"a":"\\"x\\""}'],
      ["an author's value takes precedence over a default", '{"a":"${parameters.a:-x}"}', { a: "y" }, {}, '{"a":"y"}'],
      ["empty text is not absent", '{"a":"${parameters.a:-x}"}', {}, { a: "" }, '{"a":""}'],
      ["null in a value", '{"a":${parameters.a:-1}}', { a: "2" }, { a: null }, '{"a":null}'],
      ["null in a string is absent", '{"a":"${parameters.a:-x}"}', {}, { a: null }, '{"a":"x"}'],
      ["null in a string selects the author's value", '{"a":"${parameters.a}"}', { a: "y" }, { a: null }, '{"a":"y"}'],
      ["null in a string without another value", '{"a":"${parameters.a}"}', {}, { a: null }, "call: MissingParameters"],
      ["a nullable string that is absent", nullable, {}, {}, '{"a":null}'],
      ["a nullable string that is null", nullable, { a: "y" }, { a: null }, '{"a":null}'],
      ["a nullable string that is the text null", nullable, {}, { a: "null" }, '{"a":"null"}'],
      ["a nullable string", nullable, {}, { a: 'x"' }, '{"a":"x\\""}'],
      ["a nullable string of the author", nullable, { a: "y" }, {}, '{"a":"y"}'],
      ["null beside other text", '{"a":"x ${parameters.a:-null}"}', {}, {}, '{"a":"x null"}'],
      ["a nullable key is text", '{"${parameters.a:-null}":1}', {}, {}, '{"null":1}'],
      ["$${…} is a literal", '{"a":"$${parameters.a}"}', {}, { a: "x" }, '{"a":"${parameters.a}"}'],
      [
        "$${…} in an author's parameter",
        '{"a":"${parameters.a}"}',
        { a: "$${parameters.b}$${c}" },
        {},
        '{"a":"${parameters.b}$${c}"}',
      ],
      ["a name of Object's", '{"a":"${parameters.constructor}"}', {}, {}, "call: MissingParameters"],
    ],
    body,
  )

  it("reports all missing names together, before other errors", () => {
    const source = '{"a":"${parameters.a}","b":${parameters.b},"c":"${parameters.c}","a2":"${parameters.a}"}'
    const rendered = bodyResult(source, { author: { c: "${parameters.d}" }, caller: { b: "not JSON" } })
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Some parameter placeholder not filled in payload: a, d",
    )
  })

  it.each(["caller", "runtime", "author"])(
    "leaves the placeholder in strings with skip_validating_missing_parameters of the %s",
    (who) => {
      const skip = { [who]: { skip_validating_missing_parameters: "TRUE" } }
      expect(body('{"a":"${parameters.a}"}', skip)).toBe('{"a":"${parameters.a}"}')
      expect(body("${parameters.a}", { ...skip, contentType: "text/plain" })).toBe("${parameters.a}")
      expect(body('{"a":${parameters.a}}', skip)).toBe("call: MissingParameters")
      expect(url("https://a.example/${parameters.a}", skip)).toBe("call: MissingParameters")
    },
  )
})
