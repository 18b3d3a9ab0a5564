/** The keys that stored credentials are encrypted with; the server does not start without them. */
import { keyIdOf } from "@drawbar/registry/secrets/CredentialVault"
import { collections, sealedCollections } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Effect, Option, Stream } from "effect"

export const keyIdsInUse = Effect.gen(function* () {
  const store = yield* DocumentStore
  const ids = new Set<string>()
  for (const collection of sealedCollections)
    yield* Stream.runForEach(store.all(collection), ({ sealed }) =>
      Effect.sync(() => {
        for (const text of Object.values(sealed)) ids.add(keyIdOf(text) ?? "unknown")
      }),
    )
  return ids as ReadonlySet<string>
})

/** Whether the database has no records. */
export const isEmpty = Effect.gen(function* () {
  const store = yield* DocumentStore
  for (const collection of collections) if (Option.isSome(yield* Stream.runHead(store.all(collection)))) return false
  return true
})
