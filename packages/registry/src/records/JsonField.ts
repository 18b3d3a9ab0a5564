/** Schemas of JSON that is kept as it came, digits and all. */
import { isObject, type JsonObject } from "@drawbar/json-text/Json"
import { Schema } from "effect"

export const AnyObject = Schema.declare((value): value is JsonObject => isObject(value), { expected: "object" })
