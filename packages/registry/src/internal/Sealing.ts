/** A change to a connector whose credential is sealed: what was not changed stays sealed as it is. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
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

/** How a connector is written again: `owner` is whose the record is after it. */
export type Revise = (
  vault: CredentialVault["Service"],
  before: Sealed,
  connector: Connector,
  owner: AccessControl.Access["owner"],
) => Effect.Effect<Changed, RegistryFailure>

/** Makes a change. */
export const change =
  (change: Blueprint.Change): Revise =>
  (vault, before, connector, owner) =>
    // A secret that is replaced need not be decrypted: sending it again is the way out of a lost key.
    revised(
      vault,
      before,
      entriesOf(before.sealed, (name) => !Object.hasOwn(change.credential, name)),
      connector,
      connector,
      change,
      owner,
    )

/** A connector of an earlier version, and what comes with it. */
export interface Restoration {
  readonly connector: Connector
  /** The names of the secrets that it had. */
  readonly credentialKeys: ReadonlyArray<string>
  /** The secrets that are sent again. */
  readonly credential: Blueprint.Change["credential"]
  /** The origins to which a connector sends its secrets. */
  readonly destinationsOf: (connector: Connector) => ReadonlyArray<string>
  /** What is restored, for messages: `version 2 of connector [x]`. */
  readonly label: string
}

/**
 * Puts an earlier connector in the place of the present one. There are no earlier secrets: the present ones stay where they go to no
 * origin to which they do not go now. What is missing then must come with the request.
 */
export const restore =
  ({ connector: earlier, credentialKeys, credential, destinationsOf, label }: Restoration): Revise =>
  (vault, before, connector, owner) => {
    const known = destinationsOf(connector)
    const other = destinationsOf(earlier).find((origin) => !known.includes(origin))
    const kept = entriesOf(before.sealed, (name) => other === undefined && !Object.hasOwn(credential, name))
    const missing = credentialKeys.filter((name) => !Object.hasOwn(kept, name) && credential[name] == null)
    if (missing.length > 0) {
      const why =
        other === undefined
          ? "The connector has no such secret now"
          : `That version sends its credential to ${other}, to which the present credential is not sent`
      return Effect.fail(
        RegistryError.from(
          invalid(
            "/credential",
            `The credential of ${label} is needed again: [${missing.join(", ")}]. ${why}. Send it as [credential], beside [version]`,
          ).reason,
        ),
      )
    }
    const change: Blueprint.Change = { connector: {}, parameters: {}, credential }
    return revised(vault, before, kept, connector, earlier, change, owner)
  }

const revised = Effect.fnUntraced(function* (
  vault: CredentialVault["Service"],
  before: Sealed,
  kept: Document["sealed"],
  present: Connector,
  connector: Connector,
  change: Blueprint.Change,
  owner: AccessControl.Access["owner"],
): Effect.fn.Return<Changed, RegistryFailure> {
  const bound = SecretBinding.of(present, before.owner)
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
