/** Schemas of JSON that is kept as it came, digits and all. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Schema } from "effect"

export const AnyJson = Schema.declare((value): value is Json => value !== undefined)

export const AnyObject = Schema.declare((value): value is JsonObject => isObject(value), { expected: "object" })
