/** The versions of a record, as they are stored and listed. */
import { Schema } from "effect"
import * as JsonField from "../records/JsonField.ts"
import * as NumberField from "../records/NumberField.ts"

/** The id of the record, in the collection `config`, that holds the persistent settings. */
export const settingsId = "_settings"

/** One version, as a history lists it. */
export const Version = Schema.Struct({
  /** Counts the versions of a record, from 1. */
  version: NumberField.Count,
  /** When it was written, in ms since 1970. */
  time: NumberField.Time,
  /** The principal that wrote it; absent where callers do not authenticate. */
  by: Schema.optionalKey(Schema.Struct({ kind: Schema.String, name: Schema.String })),
  /** The fields that differ from the version before. */
  changed: Schema.Array(Schema.String),
  /** The version whose content it restored. */
  restored: Schema.optionalKey(NumberField.Count),
  /** The `_version` of the record after the write; deployments count there as well. */
  record_version: NumberField.Count,
})
export type Version = typeof Version.Type

export const History = Schema.Struct({ collection: Schema.String, id: Schema.String, versions: Schema.Array(Version) })
export type History = typeof History.Type

export const Content = Schema.Struct({ source: JsonField.AnyObject, credential_keys: Schema.Array(Schema.String) })
export type Content = typeof Content.Type
