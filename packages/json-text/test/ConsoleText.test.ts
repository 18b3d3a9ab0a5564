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

describe("console text", () => {
  it.each<readonly [string, string, unknown]>([
    ["is JSON", '{"a": [1, "x"]}', { a: [1, "x"] }],
    ["may begin with its request", 'POST /_plugins/_ml/connectors/_create\n{"a": 1}', { a: 1 }],
    ["may hold comments", '// one\n{ # two\n "a": /* three */ 1 // four\n}', { a: 1 }],
    ["keeps what looks like a comment in a string", '{"a": "http://x/#y /* z */"}', { a: "http://x/#y /* z */" }],
    [
      "may hold strings in three quotes",
      '{"a": """say "hi"\n\\n // no comment"""}',
      { a: 'say "hi"\n\\n // no comment' },
    ],
    ["keeps an escaped quote", '{"a": "\\"// x"}', { a: '"// x' }],
    ["may come with CRLF", 'POST /x\r\n{"a": 1}\r\n', { a: 1 }],
    ["names the place of a trailing comma", 'POST /x\n{\n  "a": 1, // one\n}', '4:1 a trailing "," before "}"'],
    ["names the place behind a text in three quotes", '{"a": """1\n2""", b}', "2:7 expected a name in double quotes"],
    ["names the place of a stray brace", '{"a": 1}}', "1:9 unexpected text after the end of the document"],
    ["names the place of an ellipsis", '{"a": [1, ...]}', "1:11 expected a value"],
    ["names the end of what is cut off", '{"a": 1', "1:8 the text ends before the document does"],
    ["names a text that is not closed", '{"a": """b', expect.stringMatching(/^1:\d+ /)],
    ["is no second request", "POST /x\n{}\nPOST /y\n{}", "3:1 unexpected text after the end of the document"],
  ])("%s", (_, source, expected) => expect(outcome(source)).toEqual(expected))

  // A text that is no request was once tried in every way that its comments can be cut.
  it.each(["#", "/", "/*", "/**/", "# ", " ", "//\n", '"""', "POST "])("a text of %j is read in one way", (piece) =>
    expect(ConsoleText.read(`${piece.repeat(20_000)}!`).method).toBeUndefined(),
  )

  it("tells the request", () =>
    expect(ConsoleText.read("// c\nPUT /a/b\n{}")).toMatchObject({ method: "PUT", path: "/a/b" }))
})

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const raw = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".raw.txt")) : []

describe.skipIf(raw.length === 0)(
  "the published texts that are no JSON (skipped: ../shared/reference is absent)",
  () => {
    it.each(raw)("%s is read, or refused at its place", (name) => {
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
