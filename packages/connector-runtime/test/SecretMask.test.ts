import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as ToolCalls from "../src/stream/ToolCalls.ts"

const secret = 'sk-"plänted"/key+1234'
const { apply, applyInTurns, flow } = SecretMask.make({ key: Redacted.make(secret), short: Redacted.make("abc") })
const bytes = Buffer.from(secret)
const escaped = [...Array(secret.length).keys()].map((i) => `\\u${secret.charCodeAt(i).toString(16).padStart(4, "0")}`)

const lines = (text: string, end: string) => text.replaceAll(/.{64}(?!$)/g, (line) => line + end)

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
    ["in base64 of UTF-16", Buffer.from(`x ${secret}`, "utf16le").toString("base64")],
    ["in base64 of UTF-16, the other end first", Buffer.from(secret, "utf16le").swap16().toString("base64")],
    ["in base64 over lines", lines(Buffer.from(`us:${"0".repeat(40)}${secret}`).toString("base64"), "\r\n")],
    ["in base64 over lines of JSON", lines(Buffer.from(`us:${"0".repeat(38)}${secret}`).toString("base64"), "\\n")],
    ["in hex with colons", bytes.toString("hex").replaceAll(/..(?!$)/g, "$&:")],
    [
      "in HEX with blanks",
      bytes
        .toString("hex")
        .toUpperCase()
        .replaceAll(/..(?!$)/g, "$& "),
    ],
    ["in hex of a program", bytes.toString("hex").replaceAll(/..(?!$)/g, "0x$&, ")],
    ["in hex of both cases", [...bytes.toString("hex")].map((c, i) => (i % 3 ? c : c.toUpperCase())).join("")],
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

  it("in a form, whose spaces are plus signs", () => {
    const mask = SecretMask.of(["correct horse+battery"])
    assert.strictEqual(mask.apply("key=correct+horse%2Bbattery&a=b"), "key=***&a=b")
    assert.strictEqual(mask.apply("correct+horse+battery"), "***")
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

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

describe(`a long text (SEED=${seed})`, () => {
  let state = seed
  const below = (limit: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return Math.floor((state / 4_294_967_296) * limit)
  }
  const spellings = [
    secret,
    escaped.join(""),
    bytes.toString("base64").slice(0, Math.floor((bytes.length * 8) / 6)),
    bytes.toString("hex").replaceAll(/..(?!$)/g, "$&:"),
    encodeURIComponent(encodeURIComponent(secret)),
    JSON.stringify(JSON.stringify(JSON.stringify(secret))).slice(7, -7),
  ]
  const filling = ["word, ", "\\u4e2d", "\\u003c", "&amp; ", "%20", "\\n", "12.5,"]

  it("is masked wherever a secret stands in it, and is the same otherwise, in turns and at once", async () => {
    for (let round = 0; round < 12; round++) {
      const parts: Array<string> = []
      const expected: Array<string> = []
      let size = 0
      while (size < 3 * SecretMask.windowSize) {
        const piece = filling[below(filling.length)]!.repeat(1 + below(round % 2 === 0 ? 4_000 : 40))
        const hidden = ` ${spellings[below(spellings.length)]!} `
        parts.push(piece, hidden)
        expected.push(piece, " *** ")
        size += piece.length + hidden.length
      }
      // A secret over each border of two windows.
      const border = SecretMask.windowSize - below(200)
      const whole = `${"a ".repeat(border / 2)}${spellings[below(spellings.length)]!}.${parts.join("")}`
      const clean = `${"a ".repeat(border / 2)}***.${expected.join("")}`
      for (const masked of [apply(whole), await applyInTurns(whole)]) {
        const at = [...masked].findIndex((character, i) => character !== clean[i])
        const note = `SEED=${seed} round ${round}: ${masked.slice(at - 20, at + 60)}`
        assert.isTrue(masked === clean, note)
      }
    }
  })

  it("of escapes has turns of the event loop between its windows, and takes no more memory than they do", async () => {
    const text = "\\u0041".repeat(2_000_000)
    let turns = 0
    let peak = 0
    const counting = setInterval(() => {
      turns++
      peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    })
    const before = process.memoryUsage().arrayBuffers
    assert.strictEqual(await applyInTurns(text), text)
    clearInterval(counting)
    assert.isAbove(turns, 5)
    // Whatever the collector has not come by yet is a few windows; the text itself has 12 MB, and its readings would have 150 MB.
    assert.isBelow(peak - before, 100_000_000)
  })
})

describe(`a secret that is escaped in several levels (SEED=${seed})`, () => {
  let state = seed
  const below = (limit: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return Math.floor((state / 4_294_967_296) * limit)
  }
  const pick = <A>(list: ReadonlyArray<A>) => list[below(list.length)]!

  /** What escapes are made of, and what they stand for; none of it is in the words around. */
  const hostile = [..."\\\\\\//\"'uxnbfrt0025cCfFeE41%&;#<>+=-.a\n\té中", "🙂"]
  /** As most keys are: nothing in them has to be escaped. */
  const tame = [..."abcdefxnu0123456789+/=-._"]
  const secretOf = () => {
    const characters = pick([hostile, tame])
    return Array.from({ length: 6 + below(20) }, () => pick(characters)).join("")
  }
  const hexOf = (code: number, digits: number) => {
    const text = code.toString(16).padStart(digits, "0")
    return below(2) === 0 ? text : text.toUpperCase()
  }
  const short = new Map([..."\b\f\n\r\t"].map((character, at) => [character, "bfnrt"[at]!]))

  /** Every way in which JSON may write a character; `all` in hundredths how often it is escaped without need. */
  const inJson = (all: number) => (text: string) =>
    [...text]
      .map((character) => {
        const codes = Array.from({ length: character.length }, (_, at) => `\\u${hexOf(character.charCodeAt(at), 4)}`)
        const legal = [codes.join("")]
        if ('"\\/'.includes(character)) legal.push(`\\${character}`)
        if (short.has(character)) legal.push(`\\${short.get(character)}`)
        const isPlain = character >= " " && character !== '"' && character !== "\\"
        return isPlain && below(100) >= all ? character : pick(legal)
      })
      .join("")
  const inUrl = (text: string) =>
    [...text]
      .map((character) =>
        /\w/.test(character) && below(4) > 0
          ? character
          : Array.from(Buffer.from(character), (byte) => `%${hexOf(byte, 2)}`).join(""),
      )
      .join("")
  const names = new Map(
    Object.entries({ "/": "sol", "+": "plus", "=": "equals", '"': "quot", é: "eacute", "\n": "NewLine" }),
  )
  const inHtml = (text: string) =>
    [...text]
      .map((character) =>
        /\w/.test(character) && below(4) > 0
          ? character
          : pick([
              `&#${character.codePointAt(0)};`,
              `&#x${hexOf(character.codePointAt(0)!, 2)};`,
              ...(names.has(character) ? [`&${names.get(character)};`] : []),
            ]),
      )
      .join("")

  const inPieces = ({ take, rest }: SecretMask.Flow, text: string) => {
    let shown = ""
    for (let at = 0, size = 0; at < text.length; at += size) {
      size = 1 + below(pick([1, 3, 12, 200]))
      shown += take(text.slice(at, at + size))
    }
    return shown + rest()
  }
  const masks = (secret: string, spelled: string, note: string) => {
    const mask = SecretMask.of([secret, "another-secret"])
    const near = { before: 'why "', after: '" why' }
    // The border of two windows is somewhere in the secret.
    const far = { before: "why ".repeat((SecretMask.windowSize - below(spelled.length + 8)) / 4), after: "|".repeat(9) }
    for (const { before, after } of below(4) === 0 ? [near, far] : [near]) {
      const text = before + spelled + after
      const ways = [mask.apply(text), inPieces(mask.flow(), text)]
      for (const [at, masked] of ways.entries())
        assert.isTrue(
          masked === `${before}***${after}`,
          `SEED=${seed} ${note}, ${at === 0 ? "whole" : "in pieces"}: ${JSON.stringify(secret)} as ${spelled} reads ${masked.slice(-spelled.length - 30)}`,
        )
    }
  }

  const rounds = Number(process.env["ROUNDS"] ?? 200)

  it("is never seen, whatever JSON writes its characters with", () => {
    for (let round = 0; round < rounds; round++) {
      const secret = secretOf()
      const levels = below(4)
      let spelled = secret
      for (let level = 0; level < levels; level++) spelled = inJson(pick([0, 10, 40]))(spelled)
      masks(secret, spelled, `round ${round}, ${levels} levels of JSON`)
    }
  })

  it("is never seen where JSON, URLs and HTML are inside of each other", () => {
    for (let round = 0; round < rounds; round++) {
      // What looks like an escape and is none may be read or not where several kinds are mixed.
      const secret = secretOf().replaceAll(/[\\%&]/g, "-")
      const kinds = Array.from({ length: 1 + below(3) }, () => pick([inJson(10), inUrl, inHtml]))
      masks(
        secret,
        kinds.reduce((text, kind) => kind(text), secret),
        `round ${round}`,
      )
    }
  })
})
