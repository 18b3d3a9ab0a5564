/** One remembered record: its public part, its sealed part, and the version that guards against lost updates. */
import type { JsonObject } from "@drawbar/json-text/Json"

export const collections = ["connector", "model", "model-group", "task", "controller", "config", "principal"] as const
export type Collection = (typeof collections)[number]

/** The collections whose records hold secrets. */
export const sealedCollections = ["connector", "model"] as const satisfies ReadonlyArray<Collection>

/** Fields of a record that the registry keeps for itself: no search finds them, and no answer holds them. */
const unshown: Partial<Record<Collection, ReadonlyArray<string>>> = { model: ["owned_by", "guarded_by"] }

/** A record's source as GET and `_search` may show it. */
export const shown = (collection: Collection, source: JsonObject): JsonObject => {
  const fields = unshown[collection]
  return fields === undefined || !fields.some((field) => Object.hasOwn(source, field))
    ? source
    : Object.fromEntries(Object.entries(source).filter(([name]) => !fields.includes(name)))
}

export interface Document {
  readonly id: string
  /** Counts the writes of this record, from 1. */
  readonly version: number
  /** Counts the writes of its collection, from 0; with it two readers can tell which of two records is newer. */
  readonly seqNo: number
  /** What GET and `_search` may show, once `shown` has taken away what the registry keeps for itself. */
  readonly source: JsonObject
  /** Ciphertext by field name; never searched, never shown. */
  readonly sealed: Readonly<Record<string, string>>
}

/** One step of a transaction. A step whose precondition fails undoes the whole transaction. */
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

/** Replaces the record. With `ifVersion` only if nobody wrote it since that version was read. */
export interface Replace {
  readonly _tag: "Replace"
  readonly collection: Collection
  readonly id: string
  readonly source: JsonObject
  /** Left out, the sealed part stays as it is: to forget to hand a secret on must not lose it. `{}` empties it. */
  readonly sealed?: Document["sealed"]
  readonly ifVersion?: number
}
