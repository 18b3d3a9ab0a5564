import type { Rule } from "../Rule.ts"

export const noEffect: Rule = {
  code: "no-effect",
  severity: "info",
  description:
    "`no_escape_params` is accepted and does nothing: where a hole stands decides how its text is written. Leave it out.",
  example: { wrong: '"parameters": {"no_escape_params": "messages"}', right: '"parameters": {}' },
  check: ({ parameters }) =>
    Object.hasOwn(parameters, "no_escape_params")
      ? [
          {
            pointer: "/parameters/no_escape_params",
            message: "no_escape_params does nothing: where a hole stands decides how its text is written",
          },
        ]
      : [],
}
