/**
 * Records beside the records, which let a transaction hold to what no single record says.
 *
 * A *name* belongs to the group whose claim was created first. A *guard* counts the references to a connector: who adds one
 * writes it, who deletes the connector takes it away, so that of the two only one commits.
 */
import { createHash } from "node:crypto"
import type { JsonObject } from "@drawbar/json-text/Json"

export const collection = "config"

// Hashed, since a name may be longer than an id.
export const ofGroupName = (name: string) => `_group_name_${createHash("sha256").update(name).digest("hex")}`
export const ofConnector = (id: string) => `_connector_guard_${createHash("sha256").update(id).digest("hex")}`

export const groupOf = (source: JsonObject): string =>
  typeof source["model_group_id"] === "string" ? source["model_group_id"] : ""
