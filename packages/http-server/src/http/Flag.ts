import { Schema } from "effect"

/** A query parameter that is on or off; `?flag` alone means on. */
export const Flag = Schema.optionalKey(
  Schema.Literals(["true", "false"]).annotate({
    message: "Failed to parse value as only [true] or [false] are allowed.",
  }),
)
