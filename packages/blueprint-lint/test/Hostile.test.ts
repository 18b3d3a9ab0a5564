/** Documents of a megabyte that nobody wrote by hand: each is looked at in a time that grows with its length, or it would never end. */
import { assert, describe, it } from "@effect/vitest"
import { anywhere } from "../src/LintEnvironment.ts"
import * as Lint from "../src/Lint.ts"

const size = 900_000
const filled = (piece: string) => piece.repeat(size / piece.length)
const many = (make: (i: number) => readonly [string, unknown]) =>
  Object.fromEntries(Array.from({ length: size / 20 }, (_, i) => make(i)))
const action = { action_type: "predict", method: "POST", url: "https://a.example/", request_body: "{}" }
const connector = (change: object, rest: object = {}) =>
  JSON.stringify({ name: "a", version: 1, protocol: "http", actions: [{ ...action, ...change }], ...rest })

const documents: Readonly<Record<string, string>> = {
  "lists that open": filled("["),
  "objects that open": filled("{"),
  commas: `{${filled(",")}`,
  quotes: filled('"'),
  "three quotes": filled('"""'),
  backslashes: `"${filled("\\")}`,
  "commas at ends": filled("[1,]"),
  "a name again and again": `{${filled('"a":1,')}"a":1}`,
  "a name on each line": `{${filled('\n"a":1,')}"a":1}`,
  "empty lines": `${filled("\n")}{`,
  "lines of spaces": filled(" \n"),
  slashes: filled("/"),
  hashes: filled("#"),
  "comments that open": filled("/*"),
  comments: `${filled("/**/")}POST`,
  "a string that does not end": `{"a":"${filled("x")}`,
  "a string over many lines": `{"a":"${filled("x\n")}"}`,
  "holes that do not end": connector({ request_body: filled("${parameters.a") }),
  holes: connector({ request_body: filled("${parameters.a}") }),
  "holes in a URL": connector({ url: `https://a.example/${filled("${parameters.a}")}` }),
  "holes in a host": connector(
    { url: `https://${filled("${parameters.h}")}/` },
    { parameters: { h: "a".repeat(100) } },
  ),
  "parameters that hold each other": connector(
    { url: "https://a.example/${parameters.p0}" },
    { parameters: many((i) => [`p${i}`, `\${parameters.p${i + 1}}\${parameters.p${i + 1}}`]) },
  ),
  parameters: connector({}, { parameters: many((i) => [`p${i}`, "x"]) }),
  headers: connector({ headers: many((i) => [`h-${i}`, "x"]) }),
  credentials: connector({}, { credential: many((i) => [`k${i}`, "x"]) }),
  "fields that nobody knows": JSON.stringify(many((i) => [`zz${i}`, 1])),
  "a field with a long name": connector({}, { ["k".repeat(size)]: 1 }),
  actions: JSON.stringify({
    name: "a",
    version: 1,
    protocol: "http",
    actions: Array.from({ length: 8_000 }, () => action),
  }),
  "a long name of a function": connector({ pre_process_function: `connector.${filled("x")}` }),
  "a script of brackets": connector({ pre_process_function: `return ${filled("(")}1` }),
  "a script of sums": connector({ pre_process_function: `return ${filled("1+")}1;` }),
  "a script of conditions": connector({ pre_process_function: `${filled("if (a) {} else ")}1;` }),
  "a script of comments": connector({ pre_process_function: filled("/* ") }),
  "a script of strings": connector({ pre_process_function: filled("'a'+") }),
  "a long host": connector({ url: `https://${filled("a")}/` }),
  "a path of dots": connector({ url: `https://a.example${filled("/..")}` }),
  "a body that is deep": connector({ request_body: filled("[") }),
  "a body of keys": connector({ request_body: JSON.stringify(many((i) => [`k${i}`, 1])) }),
  "more than anybody writes": connector({ request_body: "x".repeat(50_000_000) }),
}

describe("a document of a megabyte", () => {
  it.each(Object.keys(documents))(
    "of %s is looked at",
    (name) => {
      const findings = Lint.text(documents[name]!, anywhere)
      assert.isAtMost(findings.length, 300)
    },
    30_000,
  )
})
