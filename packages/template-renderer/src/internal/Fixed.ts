/** Parameters that only the connector may say, because they decide where a request goes or how it is signed. */
import * as Parameter from "../Parameter.ts"
import { FixedParameter, refuse } from "../TemplateError.ts"

export type Fixed = ReadonlyMap<string, string>

/** Refuses a call that says something else; saying the same is no harm. */
export const check = (fixed: Fixed, supplied: Parameter.Supplied): void => {
  for (const [parameter, text] of fixed) {
    const value = supplied.caller.get(parameter) ?? supplied.runtime.get(parameter)
    if (value !== undefined && Parameter.textOf(value) !== text) refuse(new FixedParameter({ parameter }))
  }
}
