import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as ToolCalls from "../src/stream/ToolCalls.ts"

const secret = 'sk-"plänted"/key+1234'
const { apply, flow } = SecretMask.make({ key: Redacted.make(secret), short: Redacted.make("abc") })
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
    ["in JSON of ASCII alone", String.raw`sk-\"pl\u00e4nted\"/key+1234`],
    ["in JSON whose slashes are escaped", String.raw`sk-\"pl\u00E4nted\"\/key+1234`],
    ["in JSON in JSON", JSON.stringify(JSON.stringify({ message: JSON.stringify(secret) }))],
    ["in a URL, in small letters", encodeURIComponent(secret).replaceAll(/%../g, (byte) => byte.toLowerCase())],
    ["in a URL, every byte", bytes.toString("hex").replaceAll(/../g, (byte) => `%${byte}`)],
    ["in a URL in a URL", encodeURIComponent(encodeURIComponent(secret))],
    ["in HTML", "<p>sk-&quot;pl&#228;nted&#x22;/key+1234</p>"],
    ["in base64 of JSON", Buffer.from(JSON.stringify({ secret })).toString("base64")],
    ["in base64 of a form", Buffer.from(`id:${encodeURIComponent(secret)}`).toString("base64")],
  ])("%s", (_name, text) => {
    assert.include(apply(text), "***")
    // What is left holds no run of the secret long enough to guess it by.
    assert.isBelow(apply(text).replace("***", "").length, text.length - secret.length + 1)
    for (const size of [1, 2, 5]) {
      const { take, rest } = flow()
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        take(text.slice(at * size, at * size + size)),
      )
      assert.strictEqual(pieces.join("") + rest(), apply(text), `in pieces of ${size}`)
    }
  })

  it("in a learnt token, too", () => {
    const mask = SecretMask.of([])
    mask.learn("a-token-of-an-hour")
    assert.strictEqual(mask.apply("Bearer a-token-of-an-hour"), "Bearer ***")
  })

  it("and what has none stays the same", () => {
    const text = "abc ".repeat(100)
    assert.strictEqual(apply(text), text)
  })

  it("and pieces that have none come at once", () => {
    const { take, rest } = flow()
    for (const piece of ["Hello", " world", ".\n", "5 % of it & more"]) assert.strictEqual(take(piece), piece)
    assert.strictEqual(rest(), "")
  })

  it("and what only looked like a beginning comes in the end", () => {
    const { take, rest } = flow()
    assert.strictEqual(take("the end is sk-"), "the end is ")
    assert.strictEqual(rest(), "sk-")
  })

  it("and texts made to be slow are not", () => {
    const { take } = flow()
    for (const text of ["\\".repeat(300_000), "%c3".repeat(100_000), "&".repeat(300_000), "\\u00".repeat(80_000)]) {
      assert.strictEqual(apply(text), text)
      take(text)
    }
  })
})

const piece = (index: number, text: string) => JSON.stringify([{ index, function: { arguments: text } }])
const of = (calls: ReadonlyArray<string>) => calls.flatMap((call) => JSON.parse(call))

describe("a tool's arguments that come in pieces", () => {
  it("are masked call by call, and what waits comes in the end", () => {
    const calls = ToolCalls.masked(SecretMask.of(["a-secret-1234"]))
    const said = [piece(0, '{"k":"a-sec'), piece(1, "a-se"), piece(0, 'ret-1234"}'), piece(1, "t of keys: a-sec")].map(
      calls.take,
    )
    const all = of([...said, ...calls.rest()])
    const texts = [0, 1].map((n) =>
      all.flatMap(({ index, function: { arguments: text } }) => (index === n ? text : "")).join(""),
    )
    assert.deepStrictEqual(texts, ['{"k":"***"}', "a-set of keys: a-sec"])
  })

  it("leave names and ids alone", () => {
    const calls = ToolCalls.masked(SecretMask.of(["a-secret-1234"]))
    const whole = JSON.stringify([{ index: 0, id: "call-a", function: { name: "a-secret", arguments: "{}" } }])
    assert.strictEqual(calls.take(whole), whole)
    assert.deepStrictEqual(calls.rest(), [])
  })
})
