/**
 * Versions of records. The transaction that updates a connector, a model, a model group or the settings also writes a
 * version: the record as it was written, without its secrets.
 *
 * A record has one history, which lists its versions, and a document for the content of each, so that no listing reads
 * contents. Histories are found by a key that contains the creation time: a record that is deleted and created again
 * under its id begins another history.
 */
import { createHash } from "node:crypto"
import { type Collection, type Document, shown, type Write } from "@drawbar/document-store/Document"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { StorageFailed, StoreError } from "@drawbar/document-store/StoreError"
import { decode } from "@drawbar/json-text/Decode"
import { type JsonObject, stringify } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Option, Result } from "effect"
import { CurrentPrincipal } from "../access/CurrentPrincipal.ts"
import { History, settingsId, type Version } from "./RecordVersion.ts"
import { isSameSecret } from "../secrets/CredentialVault.ts"

/** Versions of one record; the oldest make room. Retention keeps fewer. */
const maxVersions = 1_000

/** The version that a write restores; a reference, so that every way of writing a record can restore one. */
export const Restoring = Context.Reference<number | undefined>("@drawbar/registry/Restoring", {
  defaultValue: () => undefined,
})

/** Fields that change without an update of the record: they say where it is deployed, and which models have joined it. */
const states = {
  connector: [],
  model: [
    "model_state",
    "last_deployed_time",
    "last_undeployed_time",
    "auto_redeploy_retry_times",
    "planning_worker_node_count",
    "current_worker_node_count",
    "planning_worker_nodes",
    "deploy_to_all_nodes",
  ],
  "model-group": ["latest_version"],
  config: [],
} as const satisfies Partial<Record<Collection, ReadonlyArray<string>>>

export type Versioned = keyof typeof states

const isVersioned = (collection: Collection, id: string): collection is Versioned =>
  Object.hasOwn(states, collection) && (collection !== "config" || id === settingsId)

/** Fields that every write changes. */
const times: ReadonlySet<string> = new Set(["last_updated_time"])

/** The fields of a version that are compared: without its times and without the state of the record. */
export const compared = (collection: Versioned, source: JsonObject): JsonObject => {
  const left: ReadonlyArray<string> = states[collection]
  return Object.fromEntries(Object.entries(source).filter(([name]) => !times.has(name) && !left.includes(name)))
}

export const keyOf = (collection: Versioned, id: string, { created_time = null }: JsonObject): string =>
  createHash("sha256")
    .update(stringify([collection, id, created_time]))
    .digest("hex")

export const contentId = (key: string, version: number) => `${key}.${version}`

const decodeHistory = decode(History)

export const read = ({ id, source }: Document): Result.Result<History, StoreError> =>
  Result.mapError(decodeHistory(source), ({ message }) =>
    StoreError.from(
      new StorageFailed({ operation: "read", message: `The stored history [${id}] cannot be read: ${message}` }),
    ),
  )

type Store = DocumentStore["Service"]
type Writes = Effect.Effect<ReadonlyArray<Write>, StoreError>

/** The further writes that record the versions of a transaction's updates. */
export const of = (store: Store, writes: ReadonlyArray<Write>): Writes => {
  const versioned = writes.filter(({ collection, id }) => isVersioned(collection, id))
  return versioned.length === 0
    ? Effect.succeed([])
    : Effect.map(
        Effect.forEach(versioned, (write) => ofWrite(store, write)),
        (all) => all.flat(),
      )
}

const ofWrite = Effect.fnUntraced(function* (
  store: Store,
  write: Write,
): Effect.fn.Return<ReadonlyArray<Write>, StoreError> {
  const { collection, id } = write
  if (!isVersioned(collection, id)) return []
  if (write._tag === "Create") return yield* appended(store, collection, write, undefined)
  // A write without a condition replaces a record that cannot be read.
  if (write._tag === "Replace" && write.ifVersion === undefined) return []
  const found = yield* store.get(collection, id)
  if (Option.isNone(found)) return []
  const before = found.value
  if (write._tag === "Delete") return yield* removed(store, keyOf(collection, id, before.source))
  // The transaction fails where the record has another version by then.
  if (write.ifVersion !== before.version || !isUpdate(collection, before, write)) return []
  return yield* appended(store, collection, write, before)
})

type WriteOfContent = Extract<Write, { source: unknown }>

const isUpdate = (collection: Versioned, before: Document, { source, sealed }: WriteOfContent): boolean => {
  const differs = (name: string) => stringify(before.source[name] ?? null) !== stringify(source[name] ?? null)
  if (states[collection].some(differs)) return false
  return hasOtherSecrets(before, sealed) || stringify(before.source) !== stringify(source)
}

const hasOtherSecrets = (before: Document, sealed: Document["sealed"] | undefined): boolean =>
  sealed !== undefined &&
  [...new Set([...Object.keys(before.sealed), ...Object.keys(sealed)])].some(
    (name) => !isSameSecret(before.sealed[name], sealed[name]),
  )

const appended = Effect.fnUntraced(function* (
  store: Store,
  collection: Versioned,
  { id, source, sealed }: WriteOfContent,
  before: Document | undefined,
): Effect.fn.Return<ReadonlyArray<Write>, StoreError> {
  const key = keyOf(collection, id, source)
  const found = yield* store.get("history", key)
  const known = Option.isSome(found) ? (yield* Effect.fromResult(read(found.value))).versions : []
  const now = yield* Clock.currentTimeMillis
  // A record of before there were histories: what it was until now is its first version.
  const base = before !== undefined && known.length === 0 ? [baseOf(before, now)] : []
  const listed = [...known, ...base]
  const principal = yield* CurrentPrincipal
  const restored = yield* Restoring
  const next: Version = {
    version: (listed.at(-1)?.version ?? 0) + 1,
    time: now,
    ...(principal === undefined ? {} : { by: { kind: principal.kind, name: principal.name } }),
    changed: before === undefined ? [] : changedFields(collection, before, source, sealed),
    ...(restored === undefined ? {} : { restored }),
    record_version: (before?.version ?? 0) + 1,
  }
  const versions = [...listed, next]
  const history = { collection, id, versions: versions.slice(-maxVersions) }
  const keys = Object.keys(sealed ?? before?.sealed ?? {})
  return [
    Option.match(found, {
      onNone: (): Write => ({ _tag: "Create", collection: "history", id: key, source: history }),
      onSome: ({ version }): Write => ({
        _tag: "Replace",
        collection: "history",
        id: key,
        source: history,
        ifVersion: version,
      }),
    }),
    ...base.map(({ version }) => contentWrite(key, version, before?.source ?? {}, Object.keys(before?.sealed ?? {}))),
    contentWrite(key, next.version, source, keys),
    ...versions.slice(0, -maxVersions).map(({ version }) => contentRemoval(key, version)),
  ]
})

/** The one version of a record that has no history yet. */
export const baseOf = ({ version, source }: Document, now: number): Version => {
  const { last_updated_time, created_time } = source
  const time = last_updated_time ?? created_time
  return { version: 1, time: typeof time === "number" ? time : now, changed: [], record_version: version }
}

const changedFields = (
  collection: Versioned,
  before: Document,
  after: JsonObject,
  sealed: Document["sealed"] | undefined,
): ReadonlyArray<string> => {
  const [a, b] = [
    compared(collection, shown(collection, before.source)),
    compared(collection, shown(collection, after)),
  ]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return [
    ...names.filter((name) => stringify(a[name] ?? null) !== stringify(b[name] ?? null)),
    ...(hasOtherSecrets(before, sealed) ? ["credential"] : []),
  ]
}

const contentWrite = (key: string, version: number, source: JsonObject, keys: ReadonlyArray<string>): Write => ({
  _tag: "Create",
  collection: "version",
  id: contentId(key, version),
  source: { source, credential_keys: keys.toSorted() },
})

const contentRemoval = (key: string, version: number): Write => ({
  _tag: "Delete",
  collection: "version",
  id: contentId(key, version),
})

/** A record takes its versions with it. */
const removed = Effect.fnUntraced(function* (store: Store, key: string) {
  const found = yield* store.get("history", key)
  if (Option.isNone(found)) return []
  const { versions } = yield* Effect.fromResult(read(found.value))
  return [
    { _tag: "Delete", collection: "history", id: key, ifVersion: found.value.version } as const,
    ...versions.map(({ version }) => contentRemoval(key, version)),
  ]
})

/** The writes that leave only some versions in a history; the last one stays in any case, so that numbers go on. */
export const pruned = (
  { id: key, version: ifVersion }: Document,
  history: History,
  isKept: (version: Version, newer: number) => boolean,
): ReadonlyArray<Write> => {
  const last = history.versions.length - 1
  const kept = history.versions.filter((version, i) => i === last || isKept(version, last - i))
  const dropped = history.versions.filter((version) => !kept.includes(version))
  return dropped.length === 0
    ? []
    : [
        { _tag: "Replace", collection: "history", id: key, source: { ...history, versions: kept }, ifVersion },
        ...dropped.map(({ version }) => contentRemoval(key, version)),
      ]
}
