/** What a contract says about its body beyond the body's schema. */
import { Context } from "effect"

/** The sentence that refuses an empty body. Without it an empty body is read as `{}`. */
export const Required = Context.Reference<string | undefined>("@drawbar/http-api/RequestBody/Required", {
  defaultValue: () => undefined,
})

/** The handler reads the body's text itself, so that every number keeps its own digits; the schema is for clients. */
export const AsText = Context.Reference<boolean>("@drawbar/http-api/RequestBody/AsText", { defaultValue: () => false })
