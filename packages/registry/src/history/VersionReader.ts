/** Reads the versions of a record that the caller has found, and may see. */
import type { Document } from "@drawbar/document-store/Document"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { NotFound, StoreError } from "@drawbar/document-store/StoreError"
import { decode } from "@drawbar/json-text/Decode"
import { Clock, Effect, Option } from "effect"
import * as StoredRecord from "../internal/StoredRecord.ts"
import type { RegistryFailure } from "../RegistryError.ts"
import * as RecordHistory from "./RecordHistory.ts"
import * as RecordVersion from "./RecordVersion.ts"

type Store = DocumentStore["Service"]

/** A record with the kind that it is of. */
export interface Subject {
  readonly collection: RecordHistory.Versioned
  readonly document: Document
}

export interface Found extends RecordVersion.Content {
  readonly version: RecordVersion.Version
}

/** Oldest first. A record without a history has one version, which is what it is. */
export const list = Effect.fnUntraced(function* (
  store: Store,
  { collection, document }: Subject,
): Effect.fn.Return<ReadonlyArray<RecordVersion.Version>, RegistryFailure> {
  const found = yield* store.get("history", RecordHistory.keyOf(collection, document.id, document.source))
  return Option.isSome(found)
    ? (yield* Effect.fromResult(RecordHistory.read(found.value))).versions
    : [RecordHistory.baseOf(document, yield* Clock.currentTimeMillis)]
})

/** Fails with `NotFound` where the record never had that version, or has it no more. */
export const get = Effect.fnUntraced(function* (
  store: Store,
  subject: Subject,
  number: number,
): Effect.fn.Return<Found, RegistryFailure> {
  const { collection, document } = subject
  const versions = yield* list(store, subject)
  const version = versions.find((one) => one.version === number)
  if (version === undefined) return yield* noVersion(subject, number, versions)
  const key = RecordHistory.keyOf(collection, document.id, document.source)
  const content = yield* store.get("version", RecordHistory.contentId(key, number))
  if (Option.isSome(content))
    return { version, ...(yield* Effect.fromResult(StoredRecord.read("version", content.value, decodeContent))) }
  if (Option.isSome(yield* store.get("history", key))) return yield* noVersion(subject, number, versions)
  return { version, source: document.source, credential_keys: Object.keys(document.sealed).toSorted() }
})

const decodeContent = decode(RecordVersion.Content)

const noVersion = (
  { collection, document: { id } }: Subject,
  number: number,
  versions: ReadonlyArray<RecordVersion.Version>,
) => {
  const what = collection === "config" ? "the settings" : `the ${collection.replace("-", " ")} [${id}]`
  const [first, last] = [versions[0]?.version, versions.at(-1)?.version]
  const kept = first === last ? `Its one version is ${first}` : `Its versions are ${first} to ${last}`
  return StoreError.from(
    new NotFound({ collection: "version", id, message: `There is no version ${number} of ${what}. ${kept}` }),
  )
}
