/** Seals with the active key what older keys have sealed, while the server works; and says what no key opens. */
import { Effect, Option, Stream } from "effect"
import { CredentialVault, isUnbound, keyIdOf } from "./CredentialVault.ts"
import { type Collection, type Document, sealedCollections } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { optimistically } from "../internal/OptimisticRetry.ts"
import { KeyRing } from "./KeyRing.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import * as SecretBinding from "./SecretBinding.ts"

/** A secret that cannot be opened, and why; its value is not known. */
export interface Unreadable {
  readonly collection: Collection
  readonly id: string
  readonly field: string
  readonly why: string
}

export interface Report {
  readonly active: string
  /** How many secrets each key of the ring has sealed; a key with none opens old backups only. */
  readonly keys: ReadonlyArray<{ readonly id: string; readonly secrets: number }>
  readonly unreadable: ReadonlyArray<Unreadable>
}

/** Encrypts with the active key what another key encrypted; returns the number of records. What cannot be decrypted stays as it is. */
export const rotate = Effect.gen(function* () {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const vault = yield* CredentialVault
  const ring = yield* KeyRing

  const again = (collection: Collection, id: string) =>
    optimistically(
      changes,
      Effect.fnUntraced(function* (commit) {
        const found = yield* store.get(collection, id)
        if (Option.isNone(found) || vault.isCurrent(found.value.sealed)) return 0
        const { source, sealed, version } = found.value
        const renewed = yield* vault.renew(collection, id, sealed, SecretBinding.ofDocument(collection, source))
        yield* commit([{ _tag: "Replace", collection, id, source, sealed: renewed, ifVersion: version }])
        return 1
      }),
    ).pipe(Effect.catchReason("RegistryError", "DecryptionFailed", () => Effect.succeed(0)))

  let records = 0
  for (const collection of sealedCollections)
    yield* Stream.runForEach(store.all(collection), ({ id, sealed }) =>
      vault.isCurrent(sealed)
        ? Effect.void
        : Effect.map(again(collection, id), (count) => {
            records += count
          }),
    )
  if (!ring.current().onlyBound && !(yield* hasUnbound)) yield* ring.admitBoundOnly
  return records
})

/** Whether an envelope is left that is bound to nothing and opens. */
const hasUnbound = Effect.gen(function* () {
  const store = yield* DocumentStore
  const ring = yield* KeyRing
  for (const collection of sealedCollections) {
    const found = yield* Stream.runHead(
      Stream.filter(store.all(collection), ({ sealed }) =>
        Object.values(sealed).some((text) => isUnbound(text) && ring.current().all.has(keyIdOf(text) ?? "")),
      ),
    )
    if (Option.isSome(found)) return true
  }
  return false
})

/** Tries every secret. */
export const report = Effect.gen(function* () {
  const store = yield* DocumentStore
  const vault = yield* CredentialVault
  const ring = yield* KeyRing
  const { active, all } = ring.current()
  const secrets = new Map([...all.keys()].map((id) => [id, 0]))
  const unreadable: Array<Unreadable> = []

  const look = Effect.fnUntraced(function* (collection: Collection, { id, sealed, source }: Document) {
    const binding = SecretBinding.ofDocument(collection, source)
    for (const [field, text] of Object.entries(sealed)) {
      const keyId = keyIdOf(text) ?? ""
      if (secrets.has(keyId)) secrets.set(keyId, (secrets.get(keyId) ?? 0) + 1)
      const opened = yield* Effect.result(vault.open(collection, id, { [field]: text }, binding))
      if (opened._tag === "Failure") unreadable.push({ collection, id, field, why: opened.failure.message })
    }
  })
  for (const collection of sealedCollections)
    yield* Stream.runForEach(store.all(collection), (document) => look(collection, document))
  const keys = [...secrets].map(([id, count]) => ({ id, secrets: count }))
  const found: Report = { active: active.id, keys, unreadable }
  return found
})

/** How many are named at the start. */
const named = 20

/** At the start: goes on with a rotation that was cut off, and says what cannot be opened. */
export const resume = Effect.gen(function* () {
  yield* Effect.ignore(rotate)
  const { unreadable } = yield* report
  for (const { why } of unreadable.slice(0, named)) yield* Effect.logWarning(why)
  if (unreadable.length > named)
    yield* Effect.logWarning(
      `${unreadable.length - named} more stored secrets cannot be opened: drawbar keyring doctor names them all`,
    )
}).pipe(Effect.ignore)
