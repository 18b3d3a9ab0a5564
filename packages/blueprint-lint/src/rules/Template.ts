import { Result } from "effect"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import type { LintContext, Template } from "../LintContext.ts"

export const template: Rule = {
  code: "template",
  severity: "error",
  description:
    "A placeholder is invalid: it has a space in its name, an unclosed `${`, an unknown prefix or credential, a credential outside a header, a parameter in a header that identifies the caller, or a part of the origin that only the connector may set.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/${parameters. path}"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/${parameters.path}"}]',
  },
  check: (context) => refusals(context, (tag) => tag !== "Malformed"),
}

/** The templates that do not compile for one of the given reasons. */
export const refusals = ({ templates }: LintContext, requested: (tag: string) => boolean): ReadonlyArray<Problem> =>
  templates.flatMap((it) => refusal(it, requested))

const refusal = ({ pointer, compiled }: Template, requested: (tag: string) => boolean): ReadonlyArray<Problem> => {
  if (Result.isSuccess(compiled) || !requested(compiled.failure.reason._tag)) return []
  const { message, reason } = compiled.failure
  return [
    { pointer: "header" in reason && reason.header !== undefined ? `${pointer}/${reason.header}` : pointer, message },
  ]
}
