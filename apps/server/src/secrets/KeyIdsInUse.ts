/** The keys that stored credentials are sealed with: without them the server does not start. */
import { keyIdOf } from "@drawbar/registry/secrets/CredentialVault"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Effect, Stream } from "effect"

export const keyIdsInUse = Effect.gen(function* () {
  const store = yield* DocumentStore
  const ids = new Set<string>()
  for (const collection of ["connector", "model"] as const)
    yield* Stream.runForEach(store.all(collection), ({ sealed }) =>
      Effect.sync(() => {
        for (const text of Object.values(sealed)) ids.add(keyIdOf(text) ?? "unknown")
      }),
    )
  return ids as ReadonlySet<string>
})
