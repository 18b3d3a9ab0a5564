/** Machine-made documents of one megabyte: lint must process each in time linear in its length. */
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
  "open lists": filled("["),
  "open objects": filled("{"),
  commas: `{${filled(",")}`,
  quotes: filled('"'),
  "triple quotes": filled('"""'),
  backslashes: `"${filled("\\")}`,
  "trailing commas": filled("[1,]"),
  "one repeated name": `{${filled('"a":1,')}"a":1}`,
  "a name on each line": `{${filled('\n"a":1,')}"a":1}`,
  "empty lines": `${filled("\n")}{`,
  "lines of spaces": filled(" \n"),
  slashes: filled("/"),
  hashes: filled("#"),
  "open comments": filled("/*"),
  comments: `${filled("/**/")}POST`,
  "a string without an end": `{"a":"${filled("x")}`,
  "a string over many lines": `{"a":"${filled("x\n")}"}`,
  "placeholders without an end": connector({ request_body: filled("${parameters.a") }),
  placeholders: connector({ request_body: filled("${parameters.a}") }),
  "placeholders in a URL": connector({ url: `https://a.example/${filled("${parameters.a}")}` }),
  "placeholders in a host": connector(
    { url: `https://${filled("${parameters.h}")}/` },
    { parameters: { h: "a".repeat(100) } },
  ),
  "parameters that contain each other": connector(
    { url: "https://a.example/${parameters.p0}" },
    { parameters: many((i) => [`p${i}`, `\${parameters.p${i + 1}}\${parameters.p${i + 1}}`]) },
  ),
  parameters: connector({}, { parameters: many((i) => [`p${i}`, "x"]) }),
  headers: connector({ headers: many((i) => [`h-${i}`, "x"]) }),
  credentials: connector({}, { credential: many((i) => [`k${i}`, "x"]) }),
  "unknown fields": JSON.stringify(many((i) => [`zz${i}`, 1])),
  "a field with a long name": connector({}, { ["k".repeat(size)]: 1 }),
  actions: JSON.stringify({
    name: "a",
    version: 1,
    protocol: "http",
    actions: Array.from({ length: 8_000 }, () => action),
  }),
  "a long function name": connector({ pre_process_function: `connector.${filled("x")}` }),
  "a script of parentheses": connector({ pre_process_function: `return ${filled("(")}1` }),
  "a script of sums": connector({ pre_process_function: `return ${filled("1+")}1;` }),
  "a script of conditions": connector({ pre_process_function: `${filled("if (a) {} else ")}1;` }),
  "a script of comments": connector({ pre_process_function: filled("/* ") }),
  "a script of strings": connector({ pre_process_function: filled("'a'+") }),
  "a long host": connector({ url: `https://${filled("a")}/` }),
  "a path of dots": connector({ url: `https://a.example${filled("/..")}` }),
  "a deeply nested body": connector({ request_body: filled("[") }),
  "a body of keys": connector({ request_body: JSON.stringify(many((i) => [`k${i}`, 1])) }),
  "more than the limit": connector({ request_body: "x".repeat(50_000_000) }),
}

describe("a document of one megabyte", () => {
  it.each(Object.keys(documents))(
    "made of %s is checked in time",
    (name) => {
      const findings = Lint.text(documents[name]!, anywhere)
      assert.isAtMost(findings.length, 300)
    },
    30_000,
  )
})
