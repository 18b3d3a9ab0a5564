/** No text from any source reaches a terminal as a control sequence. */
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import * as RenderedRequest from "../src/RenderedRequest.ts"
import * as TerminalText from "../src/TerminalText.ts"

const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter(
  (code) => (code < 0x20 && code !== 0x0a && code !== 0x09) || code >= 0x7f,
)
const others = [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff]

describe("terminal text", () => {
  it.each([...controls, ...others])("shows U+%i instead of sending it to the terminal", (code) => {
    const text = `a${String.fromCharCode(code)}b`
    const shown = TerminalText.visible(text)
    assert.strictEqual(shown, `a\\u${code.toString(16).padStart(4, "0")}b`)
    assert.isFalse(TerminalText.isUnsafe(shown))
    // JSON text keeps the same value.
    assert.strictEqual(JSON.parse(`"${shown}"`), text)
  })

  it("leaves text, line breaks and tabs unchanged", () => {
    const text = "Grüße, 世界 👋\n\t{}\u0301"
    assert.strictEqual(TerminalText.visible(text), text)
    assert.strictEqual(TerminalText.visible("a\r\nb"), "a\nb")
  })
})

const request = (more: object = {}) => ({ method: "POST", url: "https://a.example/v1", headers: {}, ...more })

const bash = (line: string) => execFileSync("bash", ["-c", line], { encoding: "utf8" })

/** The arguments that a shell passes to curl. */
const args = (rendered: Parameters<typeof RenderedRequest.toCurl>[0]) =>
  bash(`curl() { printf '%s\\0' "$@"; }; ${RenderedRequest.toCurl(rendered)}`)
    .split("\0")
    .slice(0, -1)

describe("a curl command", () => {
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
  ])("passes the body %j unchanged in one argument, without terminal control characters", (body) => {
    const rendered = request({ body })
    assert.isFalse(TerminalText.isUnsafe(RenderedRequest.toCurl(rendered)))
    assert.deepStrictEqual(args(rendered), ["-X", "POST", "https://a.example/v1", "--data-raw", body])
  })

  it("sends an empty header, and takes brackets in a URL literally", () => {
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
