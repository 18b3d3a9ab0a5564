/** A stored record: its public part, its sealed part, and the version that prevents lost updates. */
import type { JsonObject } from "@drawbar/json-text/Json"

export const collections = [
  "connector",
  "model",
  "model-group",
  "task",
  "controller",
  "config",
  "principal",
  "alias",
  "history",
  "version",
  "usage",
] as const
export type Collection = (typeof collections)[number]

/** The collections whose records contain secrets. */
export const sealedCollections = ["connector", "model"] as const satisfies ReadonlyArray<Collection>

/** Internal fields of a record: searches do not find them, and responses do not contain them. */
const unshown: Partial<Record<Collection, ReadonlyArray<string>>> = { model: ["owned_by", "guarded_by"] }

/** Collections whose records are read by id alone: nothing of them is indexed, and no search finds them. */
const unindexed: ReadonlySet<Collection> = new Set(["alias", "history", "version"])

/** The part of a record's source that GET and `_search` may return. */
export const shown = (collection: Collection, source: JsonObject): JsonObject => {
  if (unindexed.has(collection)) return {}
  const fields = unshown[collection]
  return fields === undefined || !fields.some((field) => Object.hasOwn(source, field))
    ? source
    : Object.fromEntries(Object.entries(source).filter(([name]) => !fields.includes(name)))
}

/** A record that was written or deleted. */
export interface RecordChange {
  readonly collection: Collection
  readonly id: string
}

export interface Document {
  readonly id: string
  /** Counts the writes of this record, from 1. */
  readonly version: number
  /** Counts the writes of its collection, from 0. Two readers can use it to determine which of two records is newer. */
  readonly seqNo: number
  /** What GET and `_search` may return, after `shown` has removed internal fields. */
  readonly source: JsonObject
  /** Ciphertext by field name; never searched, never returned. */
  readonly sealed: Readonly<Record<string, string>>
}

/** One step of a transaction. A step whose precondition fails rolls back the whole transaction. */
export type Write =
  | {
      readonly _tag: "Create"
      readonly collection: Collection
      readonly id: string
      readonly source: JsonObject
      readonly sealed?: Document["sealed"]
    }
  | Replace
  | { readonly _tag: "Delete"; readonly collection: Collection; readonly id: string; readonly ifVersion?: number }

/** Replaces the record. With `ifVersion`, only if the record was not written since that version was read. */
export interface Replace {
  readonly _tag: "Replace"
  readonly collection: Collection
  readonly id: string
  readonly source: JsonObject
  /** If absent, the sealed part is unchanged, so that an omission cannot lose a secret. `{}` empties it. */
  readonly sealed?: Document["sealed"]
  readonly ifVersion?: number
}
