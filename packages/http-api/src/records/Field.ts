/** Fields that many bodies and queries have in common. */
import { Schema } from "effect"

/** A field that may be missing or null. */
export const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** A query parameter that is on or off; `?flag` alone means on. */
export const Flag = Schema.optionalKey(
  Schema.Literals(["true", "false"]).annotate({
    message: "Failed to parse value as only [true] or [false] are allowed.",
  }),
)

/** A JSON object that is handed on as it is, such as a stored record. */
export const Source = Schema.Record(Schema.String, Schema.Unknown)
