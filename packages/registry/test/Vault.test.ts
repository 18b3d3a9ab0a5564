import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { CredentialVault } from "../src/CredentialVault.ts"
import { KeyRing } from "../src/KeyRing.ts"

const seed = Number(process.env["DRAWBAR_VAULT_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const rounds = Number(process.env["DRAWBAR_VAULT_RUNS"] ?? 100_000)
const vaults = CredentialVault.layer.pipe(Layer.provideMerge(KeyRing.layerMemory))
const secret = "sk-planted-1234567890"

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
const randoms = (state: number) => (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

describe(`a sealed secret (${rounds} runs, DRAWBAR_VAULT_SEED=${seed})`, () => {
  it.effect("that was changed in any way does not open", () =>
    Effect.gen(function* () {
      const vault = yield* CredentialVault
      const { key: sealed = "" } = yield* vault.seal("connector", "a", { key: Redacted.make(secret) })
      const below = randoms(seed)
      const body = sealed.lastIndexOf(".") + 1
      const changes: ReadonlyArray<(text: string) => string> = [
        (text) => {
          const at = body + below(text.length - body)
          return text.slice(0, at) + alphabet[below(64)] + text.slice(at + 1)
        },
        (text) => text.slice(0, body + below(text.length - body)),
        (text) => text + alphabet[below(64)],
        (text) => {
          const [one, two] = [body + below(text.length - body), body + below(text.length - body)].toSorted(
            (a, b) => a - b,
          )
          return text.slice(0, one) + text.slice(two) + text.slice(one, two)
        },
        (text) => `${text.slice(0, body)}${[...Array(text.length - body)].map(() => alphabet[below(64)]).join("")}`,
      ]
      for (let i = 0; i < rounds; i++) {
        const changed = changes[below(changes.length)]!(sealed)
        if (changed === sealed) continue
        const opened = yield* Effect.result(vault.open("connector", "a", { key: changed }))
        assert.isTrue(Result.isFailure(opened), `run ${i}: ${changed}`)
      }
    }).pipe(Effect.provide(vaults)),
  )

  it.effect("that was moved to another place does not open there", () =>
    Effect.gen(function* () {
      const vault = yield* CredentialVault
      const { key = "" } = yield* vault.seal("connector", "a", { key: Redacted.make(secret) })
      for (const [collection, id, field] of [
        ["connector", "b", "key"],
        ["model", "a", "key"],
        ["connector", "a", "other"],
      ] as const)
        assert.isTrue(Result.isFailure(yield* Effect.result(vault.open(collection, id, { [field]: key }))))
      assert.isTrue(Result.isSuccess(yield* Effect.result(vault.open("connector", "a", { key }))))
    }).pipe(Effect.provide(vaults)),
  )

  it.effect("opens after a rotation, and what is sealed then is sealed with the new key", () =>
    Effect.gen(function* () {
      const vault = yield* CredentialVault
      const before = yield* vault.seal("connector", "a", { key: Redacted.make(secret) })
      yield* (yield* KeyRing).rotate
      assert.isFalse(vault.isCurrent(before))
      const opened = yield* vault.open("connector", "a", before)
      assert.strictEqual(Redacted.value(opened["key"]!), secret)
      assert.isTrue(vault.isCurrent(yield* vault.seal("connector", "a", opened)))
    }).pipe(Effect.provide(vaults)),
  )
})
