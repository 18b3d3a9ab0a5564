/** The names of a connector's secrets: all that is shown of them. */
import * as Json from "@drawbar/json-text/Json"
import type { Document } from "@drawbar/document-store/Document"

const names = (sealed: Document["sealed"]) => {
  const credential_keys = Object.keys(sealed).toSorted()
  return credential_keys.length === 0 ? {} : { credential_keys }
}

export const ofConnector = ({ source, sealed }: Document): Json.JsonObject => ({ ...source, ...names(sealed) })

/** Of a model that has a connector of its own. */
export const ofModel = ({ source, sealed }: Document): Json.JsonObject => {
  const { connector } = source
  return Json.isObject(connector) ? { ...source, connector: { ...connector, ...names(sealed) } } : source
}
