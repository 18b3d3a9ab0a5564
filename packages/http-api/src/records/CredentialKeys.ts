/** What Drawbar shows beyond the documented fields: the names of a connector's secrets, and the version of the record. */
import * as Json from "@drawbar/json-text/Json"
import * as IfSeqNo from "./IfSeqNo.ts"
import type { Document } from "@drawbar/document-store/Document"

const names = (sealed: Document["sealed"]) => {
  const credential_keys = Object.keys(sealed).toSorted()
  return credential_keys.length === 0 ? {} : { credential_keys }
}

export const ofConnector = (document: Document): Json.JsonObject => ({
  ...document.source,
  ...names(document.sealed),
  ...IfSeqNo.fields(document),
})

/** Of a model that has a connector of its own. */
export const ofModel = (document: Document): Json.JsonObject => {
  const { source, sealed } = document
  const { connector } = source
  const named = Json.isObject(connector) ? { ...source, connector: { ...connector, ...names(sealed) } } : source
  return { ...named, ...IfSeqNo.fields(document) }
}
