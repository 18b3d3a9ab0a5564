/** A change to a connector whose credential is sealed: what was not changed stays sealed as it is. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Effect, Result } from "effect"
import type * as AccessControl from "../access/AccessControl.ts"
import type { CredentialVault } from "../secrets/CredentialVault.ts"
import type { Collection, Document } from "@drawbar/document-store/Document"
import { RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as RecordBounds from "../records/RecordBounds.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"

interface Sealed {
  readonly collection: Collection
  readonly id: string
  readonly sealed: Document["sealed"]
  /** Whose the record is, as it stands in it. */
  readonly owner: AccessControl.Access["owner"]
}

export interface Changed {
  /** Whether a secret stays that the change did not contain. */
  readonly keepsSecrets: boolean
  readonly blueprint: Blueprint.Blueprint
  readonly sealed: Document["sealed"]
}

/** Makes the change; `owner` is whose the record is after it. */
export const change = Effect.fnUntraced(function* (
  vault: CredentialVault["Service"],
  before: Sealed,
  connector: Connector,
  change: Blueprint.Change,
  owner: AccessControl.Access["owner"],
): Effect.fn.Return<Changed, RegistryFailure> {
  const bound = SecretBinding.of(connector, before.owner)
  // A secret that is replaced need not be decrypted: sending it again is the way out of a lost key.
  const kept = entriesOf(before.sealed, (name) => !Object.hasOwn(change.credential, name))
  const credential: Credential = yield* vault.open(before.collection, before.id, kept, bound)
  const blueprint = yield* Effect.fromResult(
    Result.mapError(Blueprint.apply({ connector, credential }, change), ({ reason }) => RegistryError.from(reason)),
  )
  yield* Effect.fromResult(
    Result.mapError(RecordBounds.blueprint(blueprint), ({ reason }) => RegistryError.from(reason)),
  )
  const renewed = entriesOf(blueprint.credential, (name) => !Object.hasOwn(kept, name))
  const next = SecretBinding.of(blueprint.connector, owner)
  return {
    keepsSecrets: Object.keys(kept).length > 0,
    blueprint,
    sealed: {
      ...(yield* vault.renew(before.collection, before.id, kept, bound, next)),
      ...(yield* vault.seal(before.collection, before.id, renewed, next)),
    },
  }
})

const entriesOf = <A>(record: Readonly<Record<string, A>>, keep: (name: string) => boolean): Record<string, A> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => keep(name)))
