import { CredentialVault } from "@drawbar/registry/secrets/CredentialVault"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { KeyRing } from "@drawbar/registry/secrets/KeyRing"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { NewestKey } from "@drawbar/registry/secrets/NewestKey"
import * as KeyRotation from "@drawbar/registry/secrets/KeyRotation"
import { Effect } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { KeysApi } from "./KeysApi.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const ring = yield* KeyRing
  const { announce } = yield* NewestKey
  const services = yield* Effect.context<CredentialVault | DocumentStore | KeyRing | ChangeFeed>()
  return Endpoint.serve(OpenSearchError.face, KeysApi, {
    // A rotation completes even if the caller disconnects.
    rotate: () =>
      Effect.gen(function* () {
        const key = yield* ring.rotate
        yield* announce
        return { key, records: yield* KeyRotation.rotate }
      }).pipe(Effect.uninterruptible, Effect.provideContext(services)),
    doctor: () => Effect.provideContext(KeyRotation.report, services),
  })
})
