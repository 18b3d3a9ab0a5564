import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as SecretMask from "../src/SecretMask.ts"

const secret = 'sk-"plänted"/key+1234'
const { apply } = SecretMask.make({ key: Redacted.make(secret), short: Redacted.make("abc") })
const bytes = Buffer.from(secret)
const escaped = [...Array(secret.length).keys()].map((i) => `\\u${secret.charCodeAt(i).toString(16).padStart(4, "0")}`)

describe("a secret that a platform repeats is taken out", () => {
  it.each([
    ["as it is", secret],
    ["in JSON", JSON.stringify({ message: `bad key ${secret}` })],
    ["in a URL", `https://a.example/?key=${encodeURIComponent(secret)}`],
    ["in hex", bytes.toString("hex")],
    ["in HEX", bytes.toString("hex").toUpperCase()],
    ["in base64", bytes.toString("base64")],
    ["in base64 for URLs", bytes.toString("base64url")],
    ["in base64 behind one byte", Buffer.from(`:${secret}`).toString("base64")],
    ["in base64 behind a user", Buffer.from(`us:${secret}:x`).toString("base64")],
    ["in base64 behind three bytes", Buffer.from(`usr${secret}!`).toString("base64")],
    ["in escapes", escaped.join("")],
    ["in ESCAPES", escaped.map((one) => `\\u${one.slice(2).toUpperCase()}`).join("")],
  ])("%s", (_name, text) => {
    assert.include(apply(text), "***")
    // What is left holds no run of the secret long enough to guess it by.
    assert.isBelow(apply(text).replace("***", "").length, text.length - secret.length + 1)
  })

  it("and what has none stays the same", () => {
    const text = "abc ".repeat(100)
    assert.strictEqual(apply(text), text)
  })
})
