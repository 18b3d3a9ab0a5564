/** Work that one of several replicas does: the one that holds a lease, which is a record of the store with an end. */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Clock, Effect, Option } from "effect"
import * as UniquenessGuard from "../internal/UniquenessGuard.ts"
import type { RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "../records/ResourceId.ts"

/** Returns an effect that takes or renews the lease for `millis`, and says whether this replica holds it. */
export const make = Effect.fnUntraced(function* (name: string, millis: number) {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const holder = yield* ResourceId.make
  const { collection } = UniquenessGuard
  const id = `_lease_${name}`

  return Effect.gen(function* (): Effect.fn.Return<boolean, RegistryFailure> {
    const found = Option.getOrUndefined(yield* store.get(collection, id))
    const now = yield* Clock.currentTimeMillis
    const isHeld = found !== undefined && Number(found.source["until"]) > now
    if (isHeld && found.source["holder"] !== holder) return false
    const source = { holder, until: now + millis }
    yield* changes.commit([
      found === undefined
        ? { _tag: "Create", collection, id, source }
        : { _tag: "Replace", collection, id, source, ifVersion: found.version },
    ])
    return true
  }).pipe(
    // Another replica was faster.
    Effect.catchReasons("StoreError", {
      AlreadyExists: () => Effect.succeed(false),
      VersionConflict: () => Effect.succeed(false),
    }),
  )
})
