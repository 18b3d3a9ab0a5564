/** The versions of connectors, models, model groups and the settings: who wrote each, and when; what it was, and how two differ. */
import { type Document, shown } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { isObject, type JsonObject } from "@drawbar/json-text/Json"
import { Context, Effect, Layer, Option } from "effect"
import { ModelGroups } from "../models/ModelGroups.ts"
import { Models } from "../models/Models.ts"
import { Connectors } from "../records/Connectors.ts"
import type { RegistryFailure } from "../RegistryError.ts"
import { Settings } from "../settings/Settings.ts"
import * as JsonDiff from "./JsonDiff.ts"
import * as RecordHistory from "./RecordHistory.ts"
import { settingsId, type Version } from "./RecordVersion.ts"
import * as VersionReader from "./VersionReader.ts"

export interface Listed {
  readonly document: Document
  /** Newest first. */
  readonly versions: ReadonlyArray<Version>
}

export interface Shown {
  readonly version: Version
  /** As GET shows the record. */
  readonly source: JsonObject
  /** The names of its secrets. */
  readonly credential_keys: ReadonlyArray<string>
}

export interface Diff {
  readonly from: number
  readonly to: number
  readonly changes: ReadonlyArray<JsonDiff.Change>
}

export class Versions extends Context.Service<
  Versions,
  {
    readonly list: (collection: RecordHistory.Versioned, id: string) => Effect.Effect<Listed, RegistryFailure>
    readonly get: (
      collection: RecordHistory.Versioned,
      id: string,
      version: number,
    ) => Effect.Effect<Shown, RegistryFailure>
    /** `to` is the newest version if absent, and `from` the one before `to`. */
    readonly diff: (
      collection: RecordHistory.Versioned,
      id: string,
      range: { readonly from?: number | undefined; readonly to?: number | undefined },
    ) => Effect.Effect<Diff, RegistryFailure>
    /** Sets the persistent settings of an earlier version. Returns what `Settings.update` returns. */
    readonly rollbackSettings: (version: number) => Effect.Effect<JsonObject, RegistryFailure>
  }
>()("@drawbar/registry/Versions") {
  static readonly layer = Layer.effect(
    Versions,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const connectors = yield* Connectors
      const models = yield* Models
      const groups = yield* ModelGroups
      const settings = yield* Settings

      /** The records as their services show them: who may not read a record reads no version of it. */
      const documents: Record<RecordHistory.Versioned, (id: string) => Effect.Effect<Document, RegistryFailure>> = {
        connector: connectors.get,
        model: (id) => Effect.map(models.get(id), ({ document }) => document),
        "model-group": groups.get,
        config: () =>
          Effect.map(
            store.get("config", settingsId),
            Option.getOrElse(() => noSettings),
          ),
      }
      const subject = (collection: RecordHistory.Versioned, id: string) =>
        Effect.map(documents[collection](id), (document) => ({ collection, document }))

      return {
        list: Effect.fnUntraced(function* (collection, id) {
          const found = yield* subject(collection, id)
          return { document: found.document, versions: (yield* VersionReader.list(store, found)).toReversed() }
        }),

        get: Effect.fnUntraced(function* (collection, id, number) {
          const found = yield* VersionReader.get(store, yield* subject(collection, id), number)
          return { ...found, source: shown(collection, found.source) }
        }),

        diff: Effect.fnUntraced(function* (collection, id, { from, to }) {
          const found = yield* subject(collection, id)
          const numbers = (yield* VersionReader.list(store, found)).map(({ version }) => version)
          const newer = to ?? numbers.at(-1) ?? 1
          const older = from ?? numbers.findLast((number) => number < newer) ?? newer
          const [a, b] = yield* Effect.forEach([older, newer], (number) =>
            Effect.map(VersionReader.get(store, found, number), (version) => comparedOf(collection, version)),
          )
          return { from: older, to: newer, changes: JsonDiff.of(a ?? {}, b ?? {}) }
        }),

        rollbackSettings: Effect.fnUntraced(function* (version) {
          const found = yield* subject("config", settingsId)
          const earlier = persistentIn((yield* VersionReader.get(store, found, version)).source)
          const removed = Object.keys(persistentIn(found.document.source)).map((name) => [name, null])
          const persistent = { ...Object.fromEntries(removed), ...earlier }
          return Object.keys(persistent).length === 0
            ? { acknowledged: true, persistent: {}, transient: {} }
            : yield* Effect.provideService(settings.update({ persistent }), RecordHistory.Restoring, version)
        }),
      }
    }),
  )
}

/** What is compared: the fields of the record, and the names of its secrets. */
const comparedOf = (
  collection: RecordHistory.Versioned,
  { source, credential_keys }: VersionReader.Found,
): JsonObject => ({
  ...RecordHistory.compared(collection, shown(collection, source)),
  ...(credential_keys.length === 0
    ? {}
    : { credential: Object.fromEntries(credential_keys.map((name) => [name, "***"])) }),
})

const persistentIn = ({ persistent }: JsonObject): JsonObject => (isObject(persistent) ? persistent : {})

const noSettings: Document = {
  id: settingsId,
  version: 0,
  seqNo: -1,
  source: { persistent: {} },
  sealed: {},
}
