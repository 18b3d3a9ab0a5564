/** Remembers models: which group and version each is, what it is connected to, and whether it is deployed. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { Json } from "@drawbar/json-text/Json"
import { Context, Effect, Layer, Option } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { Rollback, Verify } from "../records/Connectors.ts"
import { CredentialVault } from "../secrets/CredentialVault.ts"
import { type Document } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as ModelAccess from "../internal/ModelAccess.ts"
import { modelsOfConnector } from "../internal/References.ts"
import { type RegistryFailure } from "../RegistryError.ts"
import * as SecretBinding from "../secrets/SecretBinding.ts"
import { matchAll, maxWindow, type SearchRequest, type SearchResult } from "@drawbar/document-store/search/Search"
import * as ModelCreation from "./ModelCreation.ts"
import * as ModelFinder from "./ModelFinder.ts"
import * as ModelPlacement from "./ModelPlacement.ts"
import { collection, shownOf } from "./ModelRecords.ts"
import * as ModelState from "./ModelState.ts"
import * as ModelTargets from "./ModelTargets.ts"
import * as ModelUpdate from "./ModelUpdate.ts"

export type Found = ModelFinder.Found
export type Registered = ModelCreation.Registered

export class Models extends Context.Service<
  Models,
  {
    /**
     * Reads a `_register` body and, in one transaction, makes the model, its task, and its group or its place in one.
     * `verify` looks at an inline connector before anything is written.
     */
    readonly register: <E = never, R = never>(
      body: Json,
      verify?: Verify<E, R>,
    ) => Effect.Effect<Registered, RegistryFailure | E, R>
    /** The model, and its record as it may be shown. */
    readonly get: (id: string) => Effect.Effect<Found, RegistryFailure>
    /** Reads a `PUT` body; see `ModelSettings.changed`. `verify` looks at a changed inline connector. */
    readonly update: <E = never, R = never>(
      id: string,
      body: Json,
      change?: ModelUpdate.Change<E, R>,
    ) => Effect.Effect<Document, RegistryFailure | E, R>
    /**
     * Writes the content of an earlier version again. The model stays where it is: in its group, deployed or not, and its owner's.
     * See `Connectors.rollback`.
     */
    readonly rollback: <E, R>(id: string, to: Rollback<E, R>) => Effect.Effect<Document, RegistryFailure | E, R>
    /** Fails with `InvalidState` while the model is deployed, and with `NotFound`. */
    readonly delete: (id: string) => Effect.Effect<Document, RegistryFailure>
    readonly search: (request: SearchRequest) => Effect.Effect<SearchResult, RegistryFailure>
    /** The connector that lives in a model, with its credential opened; none where the model refers to one. */
    readonly blueprint: (found: Found) => Effect.Effect<Option.Option<Blueprint.Blueprint>, RegistryFailure>
    /** Marks the model as deployed, also if it was already. Returns the id of the task that reports it. */
    readonly markDeployed: (id: string) => Effect.Effect<string, RegistryFailure>
    /** Marks the model as `UNDEPLOYED`. Returns whether it was deployed. */
    readonly markUndeployed: (id: string) => Effect.Effect<boolean, RegistryFailure>
    /** The ids of the models that are closed to the principal: what is shown of models leaves them out. */
    readonly hidden: Effect.Effect<ReadonlySet<string>, RegistryFailure>
    /** The ids of the models that refer to a connector, or that route to it. */
    readonly referencing: (connectorId: string) => Effect.Effect<ReadonlyArray<string>, RegistryFailure>
  }
>()("@drawbar/registry/Models") {
  static readonly layer = Layer.effect(
    Models,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const vault = yield* CredentialVault
      const finder = yield* ModelFinder.make
      const placement = yield* ModelPlacement.make(finder)
      const targets = ModelTargets.make(finder, placement)
      const register = yield* ModelCreation.make(finder, placement, targets)
      const { update, rollback } = yield* ModelUpdate.make(finder, placement, targets)
      const state = yield* ModelState.make(finder)
      const { asking, findFor } = finder

      return {
        ...state,
        register,
        update,
        rollback,

        get: (id) =>
          Effect.map(findFor(id, `Failed to find model with the provided model id: ${id}`), ({ document, model }) => ({
            document: shownOf(document),
            model,
          })),

        search: Effect.fnUntraced(function* (request) {
          const asker = yield* asking
          if (asker === undefined) return yield* store.search(collection, request)
          const anyGroup = { ...matchAll, size: maxWindow, source: false } as const
          const { hits } = yield* store.search("model-group", AccessControl.visibleTo(asker, anyGroup))
          const open = AccessControl.hasAnyOf(
            "model_group_id",
            hits.map(({ id }) => id),
          )
          return yield* store.search(collection, AccessControl.filtered(request, open))
        }),

        blueprint: Effect.fnUntraced(function* ({ document, model: { connector, owned_by } }) {
          if (connector === undefined) return Option.none()
          const binding = SecretBinding.of(connector, owned_by)
          const credential = yield* vault.open(collection, document.id, document.sealed, binding)
          return Option.some({ connector, credential })
        }),

        hidden: Effect.flatMap(asking, (asker) => ModelAccess.hidden(store, asker)),

        referencing: (connectorId) => modelsOfConnector(store, connectorId),
      }
    }),
  )
}
