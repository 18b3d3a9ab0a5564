import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Rule } from "../Rule.ts"

export const noEffect: Rule = {
  code: "no-effect",
  severity: "info",
  description:
    "`no_escape_params` is accepted and does nothing: where a hole stands decides how its text is written. Leave it out.",
  example: { wrong: '"parameters": {"no_escape_params": "messages"}', right: '"parameters": {}' },
  check: ({ parameters }) =>
    Object.hasOwn(parameters, Reserved.noEscape)
      ? [
          {
            pointer: `/parameters/${Reserved.noEscape}`,
            message: "no_escape_params does nothing: where a hole stands decides how its text is written",
          },
        ]
      : [],
}
