import { existsSync, readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as ConsoleText from "../src/ConsoleText.ts"

const outcome = (source: string) =>
  Result.match(ConsoleText.parse(source), {
    onSuccess: (value) => value,
    onFailure: ({ line, column, message }) => `${line}:${column} ${message}`,
  })

describe("Dev Tools console text", () => {
  it.each<readonly [string, string, unknown]>([
    ["accepts JSON", '{"a": [1, "x"]}', { a: [1, "x"] }],
    ["accepts a request line before the JSON", 'POST /_plugins/_ml/connectors/_create\n{"a": 1}', { a: 1 }],
    ["accepts comments", '// one\n{ # two\n "a": /* three */ 1 // four\n}', { a: 1 }],
    ["keeps text in a string that looks like a comment", '{"a": "http://x/#y /* z */"}', { a: "http://x/#y /* z */" }],
    ["accepts triple-quoted strings", '{"a": """say "hi"\n\\n // no comment"""}', { a: 'say "hi"\n\\n // no comment' }],
    ["keeps an escaped quote", '{"a": "\\"// x"}', { a: '"// x' }],
    ["accepts CRLF line breaks", 'POST /x\r\n{"a": 1}\r\n', { a: 1 }],
    ["reports the position of a trailing comma", 'POST /x\n{\n  "a": 1, // one\n}', '4:1 a trailing "," before "}"'],
    [
      "reports the position of an error after a triple-quoted string",
      '{"a": """1\n2""", b}',
      "2:7 expected a name in double quotes",
    ],
    ["reports the position of a stray brace", '{"a": 1}}', "1:9 unexpected text after the end of the document"],
    ["reports the position of an ellipsis", '{"a": [1, ...]}', "1:11 expected a value"],
    ["reports the end of a truncated text", '{"a": 1', "1:8 the text ends before the document does"],
    ["reports a triple-quoted string that is not closed", '{"a": """b', expect.stringMatching(/^1:\d+ /)],
    ["rejects a second request", "POST /x\n{}\nPOST /y\n{}", "3:1 unexpected text after the end of the document"],
  ])("%s", (_, source, expected) => expect(outcome(source)).toEqual(expected))

  // Regression: a text without a request line was once matched in every way that its comments can be split.
  it.each(["#", "/", "/*", "/**/", "# ", " ", "//\n", '"""', "POST "])("reads a text of %j in linear time", (piece) =>
    expect(ConsoleText.read(`${piece.repeat(20_000)}!`).method).toBeUndefined(),
  )

  it("returns the method and path of the request", () =>
    expect(ConsoleText.read("// c\nPUT /a/b\n{}")).toMatchObject({ method: "PUT", path: "/a/b" }))
})

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const raw = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".raw.txt")) : []

describe.skipIf(raw.length === 0)(
  "the published texts that are not JSON (skipped: ../shared/reference is absent)",
  () => {
    it.each(raw)("parses %s, or rejects it with a position", (name) => {
      const source = readFileSync(resolve(folder, name), "utf8")
      const parsed = ConsoleText.parse(source)
      if (Result.isSuccess(parsed)) return
      const { line, column } = parsed.failure
      const lines = source.split("\n")
      expect(line).toBeLessThanOrEqual(lines.length)
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1)
    })
  },
)
