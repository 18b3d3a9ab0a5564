/** Fields that many bodies and queries have in common. */
import { Schema } from "effect"

/** A field that may be missing or null. */
export const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** A JSON object that is handed on as it is, such as a stored record. */
export const Source = Schema.Record(Schema.String, Schema.Unknown)
