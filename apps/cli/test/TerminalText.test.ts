/** What a terminal would act on does not reach it, from any source. */
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import * as RenderedRequest from "../src/RenderedRequest.ts"
import * as TerminalText from "../src/TerminalText.ts"

const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter(
  (code) => (code < 0x20 && code !== 0x0a && code !== 0x09) || code >= 0x7f,
)
const others = [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff]

describe("text for a terminal", () => {
  it.each([...controls, ...others])("shows U+%i and does not do it", (code) => {
    const text = `a${String.fromCharCode(code)}b`
    const shown = TerminalText.visible(text)
    assert.strictEqual(shown, `a\\u${code.toString(16).padStart(4, "0")}b`)
    assert.isFalse(TerminalText.isUnsafe(shown))
    // As JSON it is the same value.
    assert.strictEqual(JSON.parse(`"${shown}"`), text)
  })

  it("leaves text, line breaks and tabs as they are", () => {
    const text = "Grüße, 世界 👋\n\t{}\u0301"
    assert.strictEqual(TerminalText.visible(text), text)
    assert.strictEqual(TerminalText.visible("a\r\nb"), "a\nb")
  })
})

const request = (more: object = {}) => ({ method: "POST", url: "https://a.example/v1", headers: {}, ...more })

const bash = (line: string) => execFileSync("bash", ["-c", line], { encoding: "utf8" })

/** What a shell hands to curl. */
const args = (rendered: Parameters<typeof RenderedRequest.toCurl>[0]) =>
  bash(`curl() { printf '%s\\0' "$@"; }; ${RenderedRequest.toCurl(rendered)}`)
    .split("\0")
    .slice(0, -1)

describe("a request as a curl command", () => {
  it.each([
    "@/etc/passwd",
    "it's 1.50",
    "a\\b\\x41",
    "line\nline\ttab",
    "\u001b]0;owned\u0007\u001b[2J",
    "\u001bA\u009b31m'x'\\",
    "\u202egnp.exe",
    "$(id) `id` ${HOME}",
    "",
  ])("has the body %j as it is, in one argument, and nothing that a terminal would act on", (body) => {
    const rendered = request({ body })
    assert.isFalse(TerminalText.isUnsafe(RenderedRequest.toCurl(rendered)))
    assert.deepStrictEqual(args(rendered), ["-X", "POST", "https://a.example/v1", "--data-raw", body])
  })

  it("sends an empty header, and takes brackets in a URL for themselves", () => {
    assert.deepStrictEqual(args(request({ url: "https://a.example/{x}[1-9]", headers: { "X-Empty": "" } })), [
      "-g",
      "-X",
      "POST",
      "https://a.example/{x}[1-9]",
      "-H",
      "X-Empty;",
    ])
  })
})
