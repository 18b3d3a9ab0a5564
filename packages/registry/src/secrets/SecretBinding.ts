/**
 * What a record's secrets are sealed for, beside their place: where its connector sends them, how, and whose the record is.
 *
 * It is part of the associated data of each envelope. A record that was changed behind the registry's back, to send its secrets to
 * another origin or to make them another principal's, has another binding, and its secrets do not open.
 */
import { createHash } from "node:crypto"
import { isObject, type Json, type JsonObject, stringify } from "@drawbar/json-text/Json"
import type { Collection } from "@drawbar/document-store/Document"

/** The binding of secrets that no connector sends. */
export const none = ""

/** The binding of a stored record's secrets. */
export const ofDocument = (collection: Collection, source: JsonObject): string =>
  collection === "model" ? of(source["connector"], source["owned_by"]) : of(source, source["owner"])

/**
 * The binding of the secrets of a connector that belongs to `owner`. Only what is listed here counts, as it stands in the record:
 * a field that a later version adds must not unseal what an earlier one has sealed.
 */
export const of = (connector: Json | undefined, owner: Json | undefined): string => {
  if (!isObject(connector)) return none
  const { protocol, parameters, actions, client_config } = connector
  const listed = [
    protocol ?? null,
    ordered(parameters),
    Array.isArray(actions) ? actions.map(actionOf) : [],
    isObject(client_config) && client_config["skip_ssl_verification"] === true,
    isObject(owner) ? (owner["name"] ?? null) : null,
  ]
  return createHash("sha256").update(stringify(listed)).digest("base64url")
}

const actionOf = (action: Json): Json =>
  isObject(action)
    ? [
        action["action_type"] ?? null,
        action["name"] ?? null,
        action["method"] ?? null,
        action["url"] ?? null,
        ordered(action["headers"]),
        action["request_body"] ?? null,
      ]
    : null

/** Members by name: in which order a database keeps them does not count. */
const ordered = (value: Json | undefined): Json =>
  isObject(value) ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : null
