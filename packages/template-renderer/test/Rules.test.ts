import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"
import { body, bodyResult, type Call, header, supplied, url, type Values } from "./render.ts"

/** What holds, the template, the author's parameters, what the caller sends, what comes out. */
type Row = readonly [title: string, template: string, author: Parameter.Author, caller: Values, out: string]

const table = (rows: ReadonlyArray<Row>, render: (template: string, call: Call) => string | undefined) =>
  it.each(rows)("%s", (_, template, author, caller, out) => {
    expect(render(template, { author, caller })).toBe(out)
  })

const positions = (source: string): ReadonlyArray<string> =>
  Result.getOrThrow(BodyTemplate.compile(source, {})).holes.map(({ position }) => position)

describe("R1 a template is JSON with holes", () => {
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
      ["white space stays as it was written", ' { "a" : [ 1 , 2 ] }\n', {}, {}, ' { "a" : [ 1 , 2 ] }\n'],
      ["NDJSON is read by line", '{"a":1}\n{"b":"${parameters.x}"}\n', {}, { x: "1\n2" }, '{"a":1}\n{"b":"1\\n2"}\n'],
      ["a blank body stays blank", " ", {}, {}, " "],
      ["an object that is not closed", '{"a":${parameters.x}', {}, { x: 1 }, "document: Malformed"],
      ["a brace too many", '{"a":1}}', {}, {}, "document: Malformed"],
      ["a comma too many", '{"a":${parameters.x},}', {}, { x: 1 }, "document: Malformed"],
      ["two commas by a fragment", "[1,,${parameters.x:-}]", {}, {}, "document: Malformed"],
      ["no comma between items", "[1 2]", {}, {}, "document: Malformed"],
      ["a single quote", "{'a':1}", {}, {}, "document: Malformed"],
      ["a raw line break in a string", '{"a":"\n"}', {}, {}, "document: Malformed"],
      ["an object as the default of a value", '{"a":${parameters.x:-{}}}', {}, {}, '{"a":{}}'],
      ["two holes that are the body", "${parameters.x}${parameters.y}", {}, { x: 1, y: 2 }, "document: Malformed"],
      ["an unclosed hole", '{"a":"${parameters.x"', {}, {}, "document: UnclosedHole"],
      ["an unknown prefix", '{"a":"${x}"}', {}, {}, "document: UnknownPrefix"],
      ["a prefix without a name", '{"a":"${parameters.}"}', {}, {}, "document: InvalidName"],
      ["a space in a name", '{"a":"${parameters. x}"}', {}, {}, "document: InvalidName"],
      ["a credential in a body", '{"a":"${credential.key}"}', {}, {}, "document: CredentialOutsideHeader"],
    ],
    body,
  )

  it("says line and column of the template, and shows no parameter", () => {
    const compiled = BodyTemplate.compile('{\n  "a": ${parameters.x},\n  "b" 1\n}', {})
    expect(Result.isFailure(compiled) && compiled.failure.reason).toMatchObject({
      place: { in: "request_body", line: 3, column: 7, excerpt: '  "b" 1' },
    })
    const composed = BodyTemplate.compile("${parameters.x}", { x: '{"secret" ${parameters.y}' })
    expect(Result.isFailure(composed) && composed.failure.message).not.toContain("secret")
  })

  it("refuses nesting that would overflow a parser", () => {
    expect(body("[".repeat(100_000), {})).toBe("document: Malformed")
  })
})

describe("R2 a string takes any text", () => {
  table(
    [
      ["quotes and controls are escaped", '{"p":"${parameters.p}"}', {}, { p: 'a "b"\nc' }, '{"p":"a \\"b\\"\\nc"}'],
      ["slash and é stay", '{"p":"${parameters.p}"}', {}, { p: "/é😀" }, '{"p":"/é😀"}'],
      ["text like JSON is text", '{"p":"${parameters.p}"}', {}, { p: '{"k":1}' }, '{"p":"{\\"k\\":1}"}'],
      [
        "text like a hole is text",
        '{"p":"${parameters.p}"}',
        { s: "x" },
        { p: "${parameters.s}" },
        '{"p":"${parameters.s}"}',
      ],
      ["what is no string enters as its JSON text", '{"p":"${parameters.p}"}', {}, { p: ["x"] }, '{"p":"[\\"x\\"]"}'],
      ["an author's escapes stay", '{"p":"${parameters.p}"}', { p: 'a\\n\\"b\\"' }, {}, '{"p":"a\\n\\"b\\""}'],
      ["an author's raw text is escaped", '{"p":"${parameters.p}"}', { p: 'a\n"b"' }, {}, '{"p":"a\\n\\"b\\""}'],
      ["a caller's escapes are text", '{"p":"${parameters.p}"}', {}, { p: "a\\n" }, '{"p":"a\\\\n"}'],
      ["a key takes text too", '{"${parameters.p}":1}', {}, { p: 'a"b' }, '{"a\\"b":1}'],
      [
        "no_escape_params does nothing",
        '{"p":"${parameters.p}"}',
        {},
        { p: '"', no_escape_params: "p" },
        '{"p":"\\""}',
      ],
    ],
    body,
  )

  it("escapes what a process function computes, and lets the caller outrank it", () => {
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
        "a caller replaces it whole",
        string,
        { p: "Q: ${parameters.q}" },
        { p: "${parameters.q}" },
        '{"p":"${parameters.q}"}',
      ],
      ["each literal part is judged alone", string, { p: 'a\\n${parameters.q}"' }, { q: "" }, '{"p":"a\\n\\""}'],
      ["other ${ in it is text", string, { p: "${x} ${parameters.q}" }, { q: "y" }, '{"p":"${x} y"}'],
      [
        "a backslash before a hole",
        string,
        { p: "C:\\${parameters.q}n" },
        { q: "n" },
        "document: BackslashTouchesHole",
      ],
      ["\\u00 before a hole", string, { p: "\\u00${parameters.q}" }, { q: "22" }, "document: BackslashTouchesHole"],
      ["a finished escape before a hole", string, { p: "C:\\\\${parameters.q}" }, { q: "n" }, '{"p":"C:\\\\n"}'],
      ["a backslash in the template", '{"p":"\\${parameters.q}"}', {}, { q: "n" }, "document: BackslashTouchesHole"],
      ["\\u00 in the template", '{"p":"\\u00${parameters.q}"}', {}, { q: "22" }, "document: BackslashTouchesHole"],
      ["a circle", string, { p: "${parameters.q}", q: "${parameters.p}" }, {}, "document: Cycle"],
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
        "a skeleton that is no JSON",
        '{"m":${parameters.m}}',
        { m: "[${parameters.q}" },
        { q: 1 },
        "document: Malformed",
      ],
    ],
    body,
  )

  it("refuses parameters that would multiply without end", () => {
    const author = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`p${i}`, `\${parameters.p${i + 1}}\${parameters.p${i + 1}}`]),
    )
    expect(body('{"p":"${parameters.p0}"}', { author })).toBe("document: TooManyHoles")
    const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`p${i}`, `\${parameters.p${i + 1}}`]))
    expect(body('{"p":"${parameters.p0}"}', { author: chain })).toBe("document: TooManyHoles")
  })
})

describe("R4 a value takes one JSON value", () => {
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

  it("keeps a number's own digits", () => {
    const template = Result.getOrThrow(BodyTemplate.compile(value, {}))
    const caller = new Map([["v", Parameter.json("12345678901234567890.50")]])
    expect(Result.getOrThrow(BodyTemplate.render(template, { caller, runtime: new Map() }))).toBe(
      '{"v":12345678901234567890.50}',
    )
  })

  it("says which hole it is and how to quote it, without the text", () => {
    const rendered = bodyResult(value, { caller: { v: "my private prompt" } })
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Parameter 'v' fills ${parameters.v}, which stands for a JSON value, but its text is not one. " +
        'Send it as JSON, or quote the hole in request_body, "${parameters.v}", to send it as a string.',
    )
  })

  it("keeps a value on its line of NDJSON", () => {
    const template = Result.getOrThrow(BodyTemplate.compile("{}\n${parameters.v}\n", {}))
    const caller = new Map([["v", Parameter.json('{\n"a":1\r\n}')]])
    expect(Result.getOrThrow(BodyTemplate.render(template, { caller, runtime: new Map() }))).toBe('{}\n{ "a":1  }\n')
  })
})

describe("R5 a fragment gets exactly the commas that its neighbours need", () => {
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
      ["with the commas on the wrong side", chat, {}, { h: ",1", i: "2," }, "[1,{},2]"],
      ["commas in the template", "[${parameters.h:-}, {} , ${parameters.i:-}]", {}, { i: "2" }, "[ {}  ,2]"],
      ["fragments alone", "[${parameters.h:-}${parameters.i:-}${parameters.j:-}]", {}, { h: "1", j: "2" }, "[1,2]"],
      ["the last of fragments alone", "[${parameters.h:-}${parameters.i:-}]", {}, { i: "2" }, "[2]"],
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
      ["a key of the skeleton", members, {}, { t: '"a":2' }, "call: RepeatedKey"],
      ["a key of the skeleton that comes later", '{${parameters.t:-}"a":1}', {}, { t: '"a":2' }, "call: RepeatedKey"],
      ["a key of the skeleton in other letters", members, {}, { t: '"\\u0061":2' }, "call: RepeatedKey"],
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
      ["__proto__ is a key like any other", members, {}, { t: '"__proto__":2' }, '{"a":1,"__proto__":2}'],
    ],
    body,
  )
})

describe("R6 the origin is the author's", () => {
  const regional = "https://bedrock.${parameters.region}.example/m"
  table(
    [
      ["holes of the host", regional, { region: "us" }, {}, "https://bedrock.us.example/m"],
      ["scheme and port", "${parameters.s}://h:${parameters.p}/", { s: "http", p: "8080" }, {}, "http://h:8080/"],
      ["a default", "https://${parameters.h:-a.example}/", {}, {}, "https://a.example/"],
      [
        "an author's template",
        "https://${parameters.h}/",
        { h: "${parameters.x}.example", x: "a" },
        {},
        "https://a.example/",
      ],
      ["the caller says the same", regional, { region: "us" }, { region: "us" }, "https://bedrock.us.example/m"],
      ["the caller says another", regional, { region: "us" }, { region: "eu" }, "call: FixedParameter"],
      ["the caller says null", regional, { region: "us" }, { region: null }, "call: FixedParameter"],
      [
        "a signing name outside the URL",
        "https://a.example/",
        { service_name: "s" },
        { service_name: "t" },
        "call: FixedParameter",
      ],
      [
        "a part of an author's template",
        "https://${parameters.h}/",
        { h: "${parameters.x}.example", x: "a" },
        { x: "b" },
        "call: FixedParameter",
      ],
      ["nobody fills it", regional, {}, { region: "us" }, "document: UnfilledOrigin"],
      ["a user", "https://a:b@c.example/", {}, {}, "document: InvalidOrigin"],
      ["a backslash", "https://a.example\\b/", {}, {}, "document: InvalidOrigin"],
      ["no scheme", "YOUR FUNCTION URL", {}, {}, "document: InvalidOrigin"],
      ["another scheme", "file:///etc/passwd", {}, {}, "document: InvalidOrigin"],
      ["a placeholder of the publisher", "https://<YOUR REGION>.example/", {}, {}, "document: InvalidOrigin"],
      ["a fragment", "https://a.example/#b", {}, {}, "document: InvalidOrigin"],
      ["a credential", "https://a.example/${credential.key}", {}, {}, "document: CredentialOutsideHeader"],
    ],
    (template, call) => url(template, call),
  )

  it("speaks of a fixed parameter after the missing ones", () => {
    const call = { author: { region: "us" }, caller: { region: "eu" } }
    expect(url("https://${parameters.region}.example/${parameters.m}", call)).toBe("call: MissingParameters")
  })

  it("says the origin as URL does", () => {
    expect(Result.getOrThrow(UrlTemplate.compile("HTTPS://A.Example:443/x", {})).origin).toBe("https://a.example")
  })

  const target: Call = { author: { api: "C_${parameters.version}", version: "1" } }
  it("holds for x-amz-* headers", () => {
    expect(header("X-Amz-Target", "${parameters.api}", target)).toBe("C_1")
    expect(header("X-Amz-Target", "${parameters.api}", { ...target, caller: { api: "C_1" } })).toBe("C_1")
    expect(header("X-Amz-Target", "${parameters.api}", { ...target, caller: { version: "2" } })).toBe(
      "call: FixedParameter",
    )
    expect(header("X-Amz-Target", "${parameters.api}", { caller: { api: "C_1" } })).toBe("document: UnfilledOrigin")
    expect(header("X-Amz-Security-Token", "${credential.key}", {})).toBe("secret of key")
  })
})

describe("R7 a caller fills one segment or one value", () => {
  const path = "https://a.example/v1/${parameters.m}/invoke"
  const query = "https://a.example/v1?q=${parameters.q}&r=1"
  table(
    [
      ["a name", path, {}, { m: "claude-v1:0" }, "https://a.example/v1/claude-v1:0/invoke"],
      [
        "what would leave the segment",
        path,
        {},
        { m: "a/b?c#d%2F e" },
        "https://a.example/v1/a%2Fb%3Fc%23d%252F%20e/invoke",
      ],
      ["letters beyond ASCII", path, {}, { m: "é😀" }, "https://a.example/v1/%C3%A9%F0%9F%98%80/invoke"],
      ["half a surrogate pair", path, {}, { m: "\ud800" }, "https://a.example/v1/%EF%BF%BD/invoke"],
      ["a number", path, {}, { m: 7 }, "https://a.example/v1/7/invoke"],
      [".", path, {}, { m: "." }, "call: InvalidPathSegment"],
      ["..", path, {}, { m: ".." }, "call: InvalidPathSegment"],
      ["nothing", path, {}, { m: "" }, "call: InvalidPathSegment"],
      ["half of ..", "https://a.example/.${parameters.m}", {}, { m: "." }, "call: InvalidPathSegment"],
      [
        "two halves of ..",
        "https://a.example/${parameters.d}${parameters.m}",
        { d: "%2e" },
        { m: "." },
        "call: InvalidPathSegment",
      ],
      [
        "an author's path",
        path,
        { m: "a/b:c%2Fd%zz é?#" },
        {},
        "https://a.example/v1/a/b:c%2Fd%25zz%20%C3%A9%3F%23/invoke",
      ],
      ["an author's dots", path, { m: ".." }, {}, "document: InvalidPathSegment"],
      ["dots in the template", "https://a.example/a/%2E%2e/b", {}, {}, "document: InvalidPathSegment"],
      ["nothing is collapsed", "https://${parameters.h}/v1", { h: "a.example/" }, {}, "https://a.example//v1"],
      [
        "a path in the host's parameter",
        "https://${parameters.h}/v1",
        { h: "a.example/x y?z=" },
        {},
        "https://a.example/x%20y?z=/v1",
      ],
      ["a query value", query, {}, { q: "a&r=2+'/é" }, "https://a.example/v1?q=a%26r%3D2%2B%27%2F%C3%A9&r=1"],
      ["an empty query value", query, {}, { q: "" }, "https://a.example/v1?q=&r=1"],
      ["an author's query", query, { q: "a&b='%20" }, {}, "https://a.example/v1?q=a&b=%27%20&r=1"],
      ["no path", "https://a.example?q=${parameters.q}", {}, { q: "1" }, "https://a.example/?q=1"],
      ["braces of the publisher", "https://a.example/{{name}}", {}, {}, "https://a.example/%7B%7Bname%7D%7D"],
      ["absent", path, {}, {}, "call: MissingParameters"],
      ["a default", "https://a.example/${parameters.m:-small}", {}, {}, "https://a.example/small"],
    ],
    (template, call) => {
      const rendered = url(template, call)
      if (rendered.startsWith("https:")) expect(new URL(rendered).href).toBe(rendered)
      return rendered
    },
  )

  it("keeps the slashes of what a process function computes, and no dots", () => {
    expect(url(path, { runtime: { m: "a/b" } })).toBe("https://a.example/v1/a/b/invoke")
    expect(url(path, { runtime: { m: "a/../b" } })).toBe("call: InvalidPathSegment")
  })
})

describe("R8 headers and other bodies", () => {
  table(
    [
      ["a credential", "Bearer ${credential.key}", {}, {}, "Bearer secret of key"],
      ["a parameter", "${parameters.x};q=1", {}, { x: "a/b é" }, "a/b é;q=1"],
      ["an author's parameter", "${parameters.x}", { x: "a ${parameters.y}" }, { y: "b" }, "a b"],
      ["a number", "${parameters.x}", {}, { x: 1.5 }, "1.5"],
      ["an unknown credential", "${credential.other}", {}, {}, "document: UnknownCredential"],
      [
        "a credential by way of a parameter",
        "${parameters.x}",
        { x: "${credential.key}" },
        {},
        "document: CredentialOutsideHeader",
      ],
      ["a caller's text is not read", "${parameters.x}", {}, { x: "${credential.key}" }, "${credential.key}"],
      ["a tab", "${parameters.x}", {}, { x: "a\tb" }, "a\tb"],
      ["a line break", "${parameters.x}", {}, { x: "a\r\nHost: b" }, "call: InvalidHeaderValue"],
      ["NUL", "${parameters.x}", {}, { x: "\u0000" }, "call: InvalidHeaderValue"],
      ["beyond Latin-1", "${parameters.x}", {}, { x: "€" }, "call: InvalidHeaderValue"],
      ["a line break in the document", "a\nb", {}, {}, "document: InvalidHeaderValue"],
      ["8 KiB", "${parameters.x}", {}, { x: "a".repeat(8192 - 6) }, "a".repeat(8192 - 6)],
      ["more than 8 KiB", "${parameters.x}", {}, { x: "a".repeat(8193 - 6) }, "call: HeaderTooLarge"],
      ["absent", "${parameters.x}", {}, {}, "call: MissingParameters"],
    ],
    (value, call) => header("x-test", value, call),
  )

  it.each([...HeadersTemplate.protectedNames])("%s takes no parameters, not even the author's", (name) => {
    expect(header(name.toUpperCase(), "${parameters.x}", { author: { x: "1" } })).toBe("document: ProtectedHeader")
  })

  it("refuses a name that is none, so that no hole stands in it", () => {
    expect(header("x-${parameters.x}", "1", {})).toBe("document: InvalidHeaderName")
    for (const name of ["Content-Length", "transfer-encoding", "Upgrade", "Expect", "Keep-Alive"])
      expect(header(name, "1", {})).toBe("document: HopHeader")
  })

  it.each([
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Trailers",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
  ])("refuses %s, which is for one connection alone, as constant and as parameter", (name) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(header(spelled, "close", {})).toBe("document: HopHeader")
      expect(header(spelled, "${parameters.x}", { caller: { x: "1" } })).toMatch(/^document: (Hop|Protected)Header$/)
    }
  })

  it("refuses more than 64 KiB together", () => {
    const headers = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}`, "${parameters.x}"]))
    const template = Result.getOrThrow(HeadersTemplate.compile(headers, {}, []))
    const rendered = HeadersTemplate.render(template, supplied({ caller: { x: "a".repeat(8000) } }), String)
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Total headers size (key + value) exceeds 64KB limit",
    )
  })

  it.each([
    ["text/plain", "a ${parameters.x}", { x: '"\n' }, 'a "\n'],
    ["text/csv; charset=utf-8", "${parameters.x}", { x: "1,2" }, "1,2"],
    ["text/csv", "${parameters.x}", { x: [1] }, "[1]"],
    ["application/json", "${parameters.x}", { x: "1,2" }, "call: NotAJsonValue"],
    ["application/vnd.api+json", "${parameters.x}", { x: "{}" }, "{}"],
    ["application/x-ndjson", "${parameters.x}\n", { x: '{"a":\n1}' }, '{"a": 1}\n'],
    ["application/json", "a", {}, "document: Malformed"],
  ])("as %s, %s filled with %j is %j", (contentType, source, caller, out) => {
    expect(body(source, { contentType, caller })).toBe(out)
  })

  it("sends http_body where there is no request_body", () => {
    const template = Result.getOrThrow(BodyTemplate.httpBody({}))
    const send = (caller: Values) => BodyTemplate.render(template, supplied({ caller }))
    expect(Result.getOrThrow(send({ http_body: '{"q":1}' }))).toBe('{"q":1}')
    expect(Result.getOrThrow(send({ http_body: { q: 1 } }))).toBe('{"q":1}')
    expect(Result.getOrThrow(send({}))).toBe("")
    expect(Result.isFailure(send({ http_body: "q" }))).toBe(true)
    expect(BodyTemplate.missing(template, supplied({}))).toEqual([])
  })
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
        "a default that holds a placeholder",
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
        "a default whose strings hold braces",
        '{"a":${parameters.o:-{"b":"}","c":"\\"}"}}}',
        {},
        {},
        '{"a":{"b":"}","c":"\\"}"}}',
      ],
      ["a string that is the default", '{"a":${parameters.o:-"a}b"}}', {}, {}, '{"a":"a}b"}'],
      ["a list of objects as a default", '{"a":${parameters.o:-[{},{"b":1}]}}', {}, {}, '{"a":[{},{"b":1}]}'],
      [
        "an escaped object as a default in a string",
        '{"a":"${parameters.o:-{\\"b\\":\\"}\\"}}"}',
        {},
        {},
        '{"a":"{\\"b\\":\\"}\\"}"}',
      ],
      ["an object as a default that the caller replaces", '{"a":${parameters.o:-{}}}', {}, { o: [1] }, '{"a":[1]}'],
      ["a default that does not balance ends at its first brace", '{"a":"${parameters.a:-{}"}', {}, {}, '{"a":"{"}'],
      [
        "a quote in running text begins no string",
        '{"a":"${parameters.a:-5" disk}","b":"}"}',
        {},
        {},
        '{"a":"5\\" disk","b":"}"}',
      ],
      ["a default in quotes is escaped", '{"a":"${parameters.a:-"x"}"}', {}, {}, '{"a":"\\"x\\""}'],
      ["an author outranks a default", '{"a":"${parameters.a:-x}"}', { a: "y" }, {}, '{"a":"y"}'],
      ["empty text is no absence", '{"a":"${parameters.a:-x}"}', {}, { a: "" }, '{"a":""}'],
      ["null in a value", '{"a":${parameters.a:-1}}', { a: "2" }, { a: null }, '{"a":null}'],
      ["null in a string is absence", '{"a":"${parameters.a:-x}"}', {}, { a: null }, '{"a":"x"}'],
      ["null in a string lets the author speak", '{"a":"${parameters.a}"}', { a: "y" }, { a: null }, '{"a":"y"}'],
      ["null in a string with nobody else", '{"a":"${parameters.a}"}', {}, { a: null }, "call: MissingParameters"],
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

  it("reports all missing names at once, before anything else", () => {
    const source = '{"a":"${parameters.a}","b":${parameters.b},"c":"${parameters.c}","a2":"${parameters.a}"}'
    const rendered = bodyResult(source, { author: { c: "${parameters.d}" }, caller: { b: "no JSON" } })
    expect(Result.isFailure(rendered) && rendered.failure.message).toBe(
      "Some parameter placeholder not filled in payload: a, d",
    )
  })

  it.each(["caller", "runtime", "author"])(
    "skip_validating_missing_parameters of the %s leaves the hole in strings",
    (who) => {
      const skip = { [who]: { skip_validating_missing_parameters: "TRUE" } }
      expect(body('{"a":"${parameters.a}"}', skip)).toBe('{"a":"${parameters.a}"}')
      expect(body("${parameters.a}", { ...skip, contentType: "text/plain" })).toBe("${parameters.a}")
      expect(body('{"a":${parameters.a}}', skip)).toBe("call: MissingParameters")
      expect(url("https://a.example/${parameters.a}", skip)).toBe("call: MissingParameters")
    },
  )
})

describe("a default that holds a placeholder", () => {
  it("is refused with what to write instead", () => {
    const compiled = BodyTemplate.compile('{"a":"${parameters.a:-${parameters.b}}"}', {})
    expect(Result.isFailure(compiled) && compiled.failure.message).toBe(
      "request_body, line 1, column 7: the default of ${parameters.a:-${parameters.b}} holds a placeholder, and a default is text that is not read again. " +
        'Write ${parameters.a}, and put "a" with the default as its value into the connector\'s parameters: those may hold placeholders.',
    )
    // The fix does what was meant.
    expect(body('{"a":"${parameters.a}"}', { author: { a: "${parameters.b}", b: "x" } })).toBe('{"a":"x"}')
    expect(body('{"a":"${parameters.a}"}', { author: { a: "${parameters.b}", b: "x" }, caller: { a: "y" } })).toBe(
      '{"a":"y"}',
    )
  })

  it("costs no more than its length, however often it does not balance", () => {
    const begun = performance.now()
    body(`{"a":"${"${parameters.x:-{}".repeat(9_000)}"}`, {})
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})

describe("a header value that cannot be sent", () => {
  it.each([
    [
      "a line break in a parameter",
      "${parameters.x}",
      { x: "abc\n" },
      "Parameter 'x' has a line break at character 4 of 4",
    ],
    ["a line break in a default", "a ${parameters.x:-b\r} c", {}, "Parameter 'x' has a line break at character 2 of 2"],
    [
      "a snowman in a parameter",
      "a ${parameters.x} b",
      { x: "☃" },
      "Parameter 'x' has the character U+2603 at character 1 of 1",
    ],
    ["a NUL in the text beside a placeholder", "a\u0000 ${parameters.x}", {}, "Its value has a NUL at character 2"],
    [
      "a control character in the text",
      "a\u0001",
      {},
      "Its value has the control character U+0001 at character 2 of 2",
    ],
  ])("%s is refused at create, with its place", (_, value, author, sentence) => {
    const compiled = HeadersTemplate.compile({ "X-A": value }, author, [])
    expect(Result.isFailure(compiled) && compiled.failure.reason._tag).toBe("InvalidHeaderValue")
    expect(Result.isFailure(compiled) && compiled.failure.message).toContain(sentence)
  })
})
