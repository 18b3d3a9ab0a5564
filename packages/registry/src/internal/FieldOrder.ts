/** The fields of a record in the order of its schema, which is the order on the wire. */
import type { Json, JsonObject } from "@drawbar/json-text/Json"

export const inOrder = (fields: object, record: { readonly [field: string]: Json }): JsonObject =>
  Object.fromEntries(Object.keys(fields).flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])))
