import { CredentialVault } from "@drawbar/registry/CredentialVault"
import { DocumentStore } from "@drawbar/registry/DocumentStore"
import { KeyRing } from "@drawbar/registry/KeyRing"
import { RecordChanges } from "@drawbar/registry/RecordChanges"
import * as Resealing from "@drawbar/registry/Resealing"
import { Effect } from "effect"
import * as Endpoint from "./Endpoint.ts"
import { KeysApi } from "./KeysApi.ts"

export const make = Effect.gen(function* () {
  const ring = yield* KeyRing
  const services = yield* Effect.context<CredentialVault | DocumentStore | KeyRing | RecordChanges>()
  return Endpoint.serve(KeysApi, {
    // Whoever asked may go away: what was begun is ended.
    rotate: () =>
      Effect.gen(function* () {
        const key = yield* ring.rotate
        return { key, records: yield* Resealing.reseal }
      }).pipe(Effect.uninterruptible, Effect.provideContext(services)),
    doctor: () => Effect.provideContext(Resealing.report, services),
  })
})
