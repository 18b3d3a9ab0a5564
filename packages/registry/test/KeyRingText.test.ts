/** A key ring that is kept elsewhere and handed over as text. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { KeyRing } from "../src/KeyRing.ts"

const key = Buffer.alloc(32, 7).toString("base64")
const ring = JSON.stringify({ active: "a", keys: { a: key } })

const opened = (text: string, sealedWith: ReadonlySet<string> = new Set()) =>
  Effect.scoped(
    Effect.flatMap(
      Layer.build(KeyRing.layerText("variable RING", Redacted.make(text), Effect.succeed(sealedWith))),
      (services) => Effect.provide(Effect.service(KeyRing), services),
    ),
  )

describe("a key ring from elsewhere", () => {
  it.effect("seals with its active key, and is new to nobody", () =>
    Effect.gen(function* () {
      const service = yield* opened(ring, new Set(["a"]))
      assert.strictEqual(service.current().active.id, "a")
      assert.isFalse(service.isNew)
    }),
  )

  it.effect("is not changed from here, and says where it is", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Effect.flatMap(opened(ring), ({ rotate }) => rotate))
      assert.include(message, "variable RING")
      assert.include(message, "add a key where it is kept")
      assert.notInclude(message, key)
    }),
  )

  it.effect.each([
    ["hello", "is not of the form"],
    ["{}", "is not of the form"],
    [JSON.stringify({ active: "b", keys: { a: key } }), "calls the key [b] active"],
    [JSON.stringify({ active: "a", keys: { a: "c2hvcnQ=" } }), "that is not 32 bytes long"],
  ] as const)("that is %s is refused without repeating it", ([text, sentence]) =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(opened(text))
      assert.include(message, sentence)
      assert.notInclude(message, key)
    }),
  )

  it.effect("that lacks a key of stored credentials does not start", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(opened(ring, new Set(["a", "lost"])))
      assert.include(message, "lacks the keys [lost]")
    }),
  )
})
