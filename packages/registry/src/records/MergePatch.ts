/**
 * A change to a JSON object: what is absent stays, `null` removes, objects are changed within, the rest replaces.
 * Source: https://www.rfc-editor.org/rfc/rfc7396
 */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"

export const apply = (target: JsonObject, patch: JsonObject): JsonObject => {
  const merged = new Map<string, Json>(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    const before = merged.get(name)
    if (value === null) merged.delete(name)
    else merged.set(name, isObject(value) ? apply(isObject(before) ? before : {}, value) : value)
  }
  return Object.fromEntries(merged)
}
