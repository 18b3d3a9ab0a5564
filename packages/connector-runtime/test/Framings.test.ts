/** However the network cuts a stream, its events are the same: every offset of every body. The bodies come from DRAWBAR_SEED. */
import process from "node:process"
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { assert, describe, it } from "@effect/vitest"
import * as Framings from "../src/stream/Framings.ts"
import { type Framing, type UpstreamEvent, Unframed } from "../src/stream/UpstreamEvent.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))

/** The numbers of Numerical Recipes. */
const random = (() => {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
})()
const below = (limit: number) => Math.floor(random() * limit)

const letters = ["a", "Z", "0", " ", "é", "ß", "€", "漢", "🙂", "👩‍👩‍👧", "\\n", '\\"', "{", "}", ":", "data:", "\u2028"]
const word = () => Array.from({ length: 1 + below(6) }, () => letters[below(letters.length)]!).join("")
const json = () => `{"t":"${word()}","n":${below(1_000)}}`

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => Buffer.from(text),
)

const some = (make: () => string | Uint8Array) =>
  Buffer.concat(Array.from({ length: 1 + below(4) }, () => Buffer.from(make())))

const kinds: Readonly<Record<string, { readonly framing: () => Framing; readonly body: () => Buffer }>> = {
  "server-sent events": {
    framing: Framings.serverSent,
    body: () => {
      const end = ["\n", "\r\n", "\r"][below(3)]!
      return some(() =>
        [
          ...(below(2) === 0 ? [`event: ${["delta", "stop"][below(2)]}${end}`] : []),
          ...(below(4) === 0 ? [`: a comment ${word()}${end}`] : []),
          ...Array.from({ length: 1 + below(2) }, () => `data: ${json()}${end}`),
          end,
        ].join(""),
      )
    },
  },
  "lines of JSON": { framing: Framings.lines, body: () => some(() => `${json()}\n`) },
  "Amazon's event stream": {
    framing: Framings.amazonEvents,
    body: () =>
      some(() =>
        codec.encode({
          headers: {
            ":message-type": { type: "string", value: "event" },
            ":event-type": { type: "string", value: "chunk" },
          },
          body: Buffer.from(json()),
        }),
      ),
  },
}

const eventsOf = (begin: () => Framing, ...parts: ReadonlyArray<Uint8Array>): ReadonlyArray<UpstreamEvent> => {
  const framing = begin()
  return [...parts.flatMap((part) => [...framing.feed(part)]), ...framing.end()]
}

const bodies = 70

describe.each(Object.keys(kinds))(`%s (DRAWBAR_SEED=${seed})`, (name) => {
  const { framing, body } = kinds[name]!

  it(`are the same wherever ${bodies} bodies are cut`, () => {
    for (let n = 0; n < bodies; n++) {
      const bytes = body()
      const whole = eventsOf(framing, bytes)
      assert.isAbove(whole.length, 0)
      for (let at = 0; at <= bytes.length; at++) {
        const cut = eventsOf(framing, bytes.subarray(0, at), bytes.subarray(at))
        assert.deepStrictEqual(cut, whole, `${bytes.toString("base64")} at ${at}`)
      }
      const single = eventsOf(framing, ...Array.from(bytes, (byte) => Uint8Array.of(byte)))
      assert.deepStrictEqual(single, whole, bytes.toString("base64"))
    }
  })
})

describe("a stream that is cut off", () => {
  it.each([
    ["inside a character", Framings.serverSent, Buffer.from("data: é\n\n").subarray(0, 7)],
    ["inside a character of a line", Framings.lines, Buffer.from('{"a":"€').subarray(0, 8)],
    ["inside a message", Framings.amazonEvents, Buffer.from(kinds["Amazon's event stream"]!.body()).subarray(0, 20)],
  ] as const)("%s fails", (_, framing, bytes) => {
    assert.throws(() => eventsOf(framing, bytes), Unframed)
  })
})
