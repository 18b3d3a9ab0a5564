/** Remembers connectors and, sealed beside each, its credential. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { Connector } from "@drawbar/blueprint-schema/Connector"
import { decode } from "@drawbar/json-text/Decode"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import * as RecordHistory from "../history/RecordHistory.ts"
import * as VersionReader from "../history/VersionReader.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import type { Document } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as UniquenessGuard from "../internal/UniquenessGuard.ts"
import { type Commit, optimistically } from "../internal/OptimisticRetry.ts"
import * as RecordBounds from "./RecordBounds.ts"
import * as Sealing from "../internal/Sealing.ts"
import * as WriteCondition from "./WriteCondition.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import { modelsOfConnector } from "../internal/References.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { InUse, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as ResourceId from "./ResourceId.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"
import type { SearchRequest, SearchResult } from "@drawbar/document-store/search/Search"

export interface Creation {
  /** The id that the client chose. */
  readonly id?: string | null
  readonly access?: AccessControl.AccessFields
}

/**
 * Checks a changed blueprint as a whole before it is written; if this fails, nothing is written. `bound` is the connector before
 * the change, if it keeps secrets of another owner: those may not be sent to a new destination.
 */
export type Verify<E, R> = (blueprint: Blueprint.Blueprint, bound?: Connector) => Effect.Effect<unknown, E, R>

export interface Change<E, R> {
  readonly access?: AccessControl.AccessFields
  readonly verify?: Verify<E, R>
  /** The change is made only if the record was not written since. */
  readonly condition?: WriteCondition.WriteCondition | undefined
}

/** The version whose content a record is to have again. */
export interface Rollback<E, R> extends Pick<Sealing.Restoration, "credential" | "destinationsOf"> {
  readonly version: number
  readonly verify: Verify<E, R>
  readonly condition?: WriteCondition.WriteCondition | undefined
}

export class Connectors extends Context.Service<
  Connectors,
  {
    /** Returns the id. Fails with `InvalidField`, or `AlreadyExists` for a chosen id. */
    readonly create: (blueprint: Blueprint.Blueprint, creation?: Creation) => Effect.Effect<string, RegistryFailure>
    readonly get: (id: string) => Effect.Effect<Document, RegistryFailure>
    /** Connector and credential are changed in one write. */
    readonly update: <E = never, R = never>(
      id: string,
      change: Blueprint.Change,
      options?: Change<E, R>,
    ) => Effect.Effect<Document, RegistryFailure | E, R>
    /**
     * Writes the content of an earlier version again; who may use the record stays as it is. Fails with `InvalidField` that names
     * the secrets that are needed again.
     */
    readonly rollback: <E, R>(id: string, to: Rollback<E, R>) => Effect.Effect<Document, RegistryFailure | E, R>
    /** What was deleted, none where there was nothing; fails with `InUse` while models refer to it. */
    readonly delete: (id: string) => Effect.Effect<Option.Option<Document>, RegistryFailure>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryFailure>
    /** The connector with its credential decrypted, and its version. For the server that runs it: access is not checked. */
    readonly blueprint: (
      id: string,
    ) => Effect.Effect<{ readonly blueprint: Blueprint.Blueprint; readonly version: number }, RegistryFailure>
  }
>()("@drawbar/registry/Connectors") {
  static readonly layer = Layer.effect(
    Connectors,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const vault = yield* CredentialVault
      const asking = yield* AccessControl.enforcedPrincipal("connector")

      const get = (id: string) =>
        StoredRecord.find(store, collection, id, `Failed to find connector with the provided connector id: ${id}`)

      /** Fails with that message if the caller has no access to the connector. */
      const permitted = (document: Document, message: string) =>
        Effect.flatMap(asking, (asker) =>
          Effect.fromResult(AccessControl.requireAccess(asker, AccessControl.of(document.source), message)),
        )

      /** Every way of changing a connector: the same rules for whose it is, and where its secrets go. */
      const written = <E, R>(
        id: string,
        revise: (before: Document) => Effect.Effect<Sealing.Revise, RegistryFailure>,
        { access = {}, verify, condition }: Change<E, R>,
      ) =>
        optimistically(
          changes,
          Effect.fnUntraced(function* (commit: Commit): Effect.fn.Return<Document, RegistryFailure | E, R> {
            const before = yield* get(id)
            yield* permitted(before, `You don't have permission to update the connector, connector id: ${id}`)
            yield* WriteCondition.check(before, condition)
            const asker = yield* asking
            const accessBefore = AccessControl.of(before.source)
            const owned = yield* Effect.fromResult(
              AccessControl.updatedAccess("connector", asker, accessBefore, access),
            )
            const connector = yield* Effect.fromResult(StoredRecord.read(collection, before, decodeConnector))
            const { blueprint, sealed, keepsSecrets } = yield* (yield* revise(before))(
              vault,
              { collection, ...before, owner: accessBefore.owner },
              connector,
              owned.owner,
            )
            const isOwn = yield* AccessControl.isOwner(accessBefore)
            if (!isOwn) yield* Effect.fromResult(AccessControl.checkVerification(connector, blueprint.connector))
            const bound = keepsSecrets && !isOwn ? connector : undefined
            if (verify !== undefined) yield* verify(blueprint, bound)
            const now = yield* Clock.currentTimeMillis
            const source = sourceOf(blueprint.connector, owned, before.source["created_time"] ?? now, now)
            const [written = before] = yield* commit([
              { _tag: "Replace", collection, id, source, sealed, ifVersion: before.version },
            ])
            return written
          }),
          [`connector ${id}`],
        )

      return {
        create: Effect.fnUntraced(function* (blueprint, { id: chosen, access = {} } = {}) {
          yield* Effect.fromResult(
            Result.mapError(RecordBounds.blueprint(blueprint), ({ reason }) => RegistryError.from(reason)),
          )
          const owned = yield* Effect.fromResult(AccessControl.initialAccess("connector", yield* asking, access))
          const id = yield* ResourceId.chosenOrNew("connector", chosen)
          const now = yield* Clock.currentTimeMillis
          const source = sourceOf(blueprint.connector, owned, now, now)
          const binding = SecretBinding.ofDocument(collection, source)
          const sealed = yield* vault.seal(collection, id, blueprint.credential, binding)
          yield* changes
            .commit([
              { _tag: "Create", collection, id, source, sealed },
              {
                _tag: "Create",
                collection: UniquenessGuard.collection,
                id: UniquenessGuard.ofConnector(id),
                source: {},
              },
            ])
            .pipe(
              Effect.catchReason("StoreError", "AlreadyExists", () =>
                Effect.fail(ResourceId.alreadyExists("connector", id)),
              ),
            )
          return id
        }),

        get: (id) =>
          Effect.tap(get(id), (document) => permitted(document, "You don't have permission to access this connector")),

        update: (id, change, options = {}) => written(id, () => Effect.succeed(Sealing.change(change)), options),

        rollback: (id, { version, credential, destinationsOf, verify, condition }) =>
          written(
            id,
            Effect.fnUntraced(function* (document) {
              const { source, credential_keys } = yield* VersionReader.get(store, { collection, document }, version)
              return Sealing.restore({
                connector: yield* Effect.fromResult(
                  StoredRecord.read(collection, { ...document, source }, decodeConnector),
                ),
                credentialKeys: credential_keys,
                credential,
                destinationsOf,
                label: `version ${version} of the connector [${id}]`,
              })
            }),
            { verify, condition },
          ).pipe(Effect.provideService(RecordHistory.Restoring, version)),

        delete: (id) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const found = yield* store.get(collection, id)
              const guard = yield* store.get(UniquenessGuard.collection, UniquenessGuard.ofConnector(id))
              if (Option.isNone(found) || Option.isNone(guard)) return Option.none()
              yield* permitted(found.value, "You are not allowed to delete this connector")
              const users = yield* modelsOfConnector(store, id)
              if (users.length > 0) return yield* inUse(users)
              const [removed] = yield* commit([
                { _tag: "Delete", collection, id },
                {
                  _tag: "Delete",
                  collection: UniquenessGuard.collection,
                  id: guard.value.id,
                  ifVersion: guard.value.version,
                },
              ])
              return Option.fromUndefinedOr(removed)
            }),
            [`connector ${id}`],
          ),

        search: (request) =>
          Effect.flatMap(asking, (asker) => store.search(collection, AccessControl.visibleTo(asker, request))),

        blueprint: Effect.fnUntraced(function* (id) {
          const document = yield* get(id)
          const connector = yield* Effect.fromResult(StoredRecord.read(collection, document, decodeConnector))
          const credential = yield* vault.open(
            collection,
            id,
            document.sealed,
            SecretBinding.ofDocument(collection, document.source),
          )
          return { blueprint: { connector, credential }, version: document.version }
        }),
      }
    }),
  )
}

const collection = "connector"

const decodeConnector = decode(Connector)

const inUse = (users: ReadonlyArray<string>) =>
  RegistryError.from(
    new InUse({
      users,
      message: `${users.length} models are still using this connector, please delete or update the models first: [${users.join(", ")}]`,
    }),
  )

/** The order of the fields is the order on the wire. */
const sourceOf = (
  { name, version, description, protocol, parameters, actions, client_config, provisioned_by }: Connector,
  { backend_roles, owner, access }: AccessControl.Access,
  created_time: JsonObject[string],
  last_updated_time: number,
): JsonObject => ({
  ...(name === undefined ? {} : { name }),
  ...(version === undefined ? {} : { version }),
  ...(description === undefined ? {} : { description }),
  protocol,
  parameters,
  actions,
  ...(backend_roles === undefined ? {} : { backend_roles }),
  ...(owner === undefined ? {} : { owner }),
  ...(access === undefined ? {} : { access }),
  created_time,
  last_updated_time,
  ...(client_config === undefined ? {} : { client_config }),
  ...(provisioned_by === undefined ? {} : { provisioned_by }),
})
