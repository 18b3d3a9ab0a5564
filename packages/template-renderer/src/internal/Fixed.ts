/** Parameters that only the connector may set, because they determine where a request is sent or how it is signed. */
import * as Parameter from "../Parameter.ts"
import { FixedParameter, refuse } from "../TemplateError.ts"

export type Fixed = ReadonlyMap<string, string>

/** Rejects a call that sends a different value; the same value is accepted. */
export const check = (fixed: Fixed, supplied: Parameter.Supplied): void => {
  for (const [parameter, text] of fixed) {
    const value = supplied.caller.get(parameter) ?? supplied.runtime.get(parameter)
    if (value !== undefined && Parameter.textOf(value) !== text) refuse(new FixedParameter({ parameter }))
  }
}
