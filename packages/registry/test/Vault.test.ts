import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import * as Tampering from "./Tampering.ts"

const seed = Number(process.env["DRAWBAR_VAULT_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const rounds = Number(process.env["DRAWBAR_VAULT_RUNS"] ?? 100_000)
const vaults = CredentialVault.layer.pipe(Layer.provideMerge(KeyRing.layerMemory))
const secret = "sk-planted-1234567890"

/** One that answers at once, in place of an effect. */
const asTampered = (vault: CredentialVault["Service"]): Tampering.Vault => ({
  seal: ({ collection, id, field }, text) =>
    Effect.runSync(vault.seal(collection, id, { [field]: Redacted.make(text) }))[field] ?? "",
  open: ({ collection, id, field }, sealed) => {
    const opened = Effect.runSync(Effect.result(vault.open(collection, id, { [field]: sealed })))
    return Result.isFailure(opened) ? undefined : Redacted.value(opened.success[field] ?? Redacted.make(""))
  },
})

const tried = (vault: Tampering.Vault) => Tampering.survivors(vault, 20_000, Tampering.randoms(seed))

describe(`a sealed secret (${rounds} runs, DRAWBAR_VAULT_SEED=${seed})`, () => {
  it.effect("that was changed in any way does not open", () =>
    Effect.map(CredentialVault, (vault) => {
      const found = Tampering.survivors(asTampered(vault), rounds, Tampering.randoms(seed))
      assert.deepStrictEqual([...found], [])
    }).pipe(Effect.provide(vaults)),
  )

  it("that a faulty vault takes is found out, whatever the fault", () => {
    assert.deepStrictEqual([...tried(Tampering.sound)], [])
    for (const [fault, vault] of Object.entries(Tampering.faults)) assert.isAbove(tried(vault).size, 0, fault)
  })

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
      const renewed = yield* vault.renew("connector", "a", before)
      assert.isTrue(vault.isCurrent(renewed))
      assert.strictEqual(Redacted.value((yield* vault.open("connector", "a", renewed))["key"]!), secret)
      // Only its data key was sealed again.
      assert.strictEqual(renewed["key"]?.split(".").at(-1), before["key"]?.split(".").at(-1))
    }).pipe(Effect.provide(vaults)),
  )
})
