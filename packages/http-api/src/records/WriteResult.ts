/** What a write of a record answers. */
import type { Collection, Document } from "@drawbar/document-store/Document"
import { Option, Schema } from "effect"

export const WriteResult = Schema.Struct({
  _index: Schema.String,
  _id: Schema.String,
  _version: Schema.Number,
  result: Schema.Literals(["created", "updated", "deleted", "not_found"]),
  /** A write can be searched for as soon as it is acknowledged. */
  forced_refresh: Schema.Boolean,
  _shards: Schema.Struct({ total: Schema.Number, successful: Schema.Number, failed: Schema.Number }),
  _seq_no: Schema.Number,
  _primary_term: Schema.Number,
})
export type WriteResult = typeof WriteResult.Type

/** What a record was written as. */
export const updated = (collection: Collection, { id, version, seqNo }: Document): WriteResult => ({
  _index: indexOf(collection),
  _id: id,
  _version: version,
  result: "updated",
  forced_refresh: true,
  _shards: shards,
  _seq_no: seqNo,
  _primary_term: 1,
})

/** What was deleted under an id, if anything was. */
export const deleted = (collection: Collection, id: string, removed: Option.Option<Document>): WriteResult => ({
  _index: indexOf(collection),
  _id: id,
  _version: Option.match(removed, { onNone: () => 1, onSome: ({ version }) => version + 1 }),
  result: Option.isNone(removed) ? "not_found" : "deleted",
  forced_refresh: true,
  _shards: shards,
  _seq_no: Option.match(removed, { onNone: () => 0, onSome: ({ seqNo }) => seqNo }),
  _primary_term: 1,
})

/** The index in which OpenSearch would keep the records of a collection. */
export const indexOf = (collection: Collection) => `.plugins-ml-${collection}`

const shards = { total: 1, successful: 1, failed: 0 }
