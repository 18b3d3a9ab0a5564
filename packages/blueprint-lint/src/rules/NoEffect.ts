import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Rule } from "../Rule.ts"

export const noEffect: Rule = {
  code: "no-effect",
  severity: "info",
  description:
    "`no_escape_params` is accepted and has no effect: the position of a placeholder determines how its value is escaped. Remove it.",
  example: { wrong: '"parameters": {"no_escape_params": "messages"}', right: '"parameters": {}' },
  check: ({ parameters }) =>
    Object.hasOwn(parameters, Reserved.noEscape)
      ? [
          {
            pointer: `/parameters/${Reserved.noEscape}`,
            message:
              "no_escape_params has no effect: the position of a placeholder determines how its value is escaped",
          },
        ]
      : [],
}
