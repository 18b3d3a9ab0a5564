import { Result } from "effect"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import type { LintContext, Template } from "../LintContext.ts"

export const template: Rule = {
  code: "template",
  severity: "error",
  description:
    "A hole cannot be what it is: a name with a space, an unclosed `${`, an unknown prefix or credential, a credential outside a header, a parameter in a header that says who calls, a part of the origin that only the connector may fill.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/${parameters. path}"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/${parameters.path}"}]',
  },
  check: (subject) => refusals(subject, (tag) => tag !== "Malformed"),
}

/** The templates that do not compile, for the reasons that are asked for. */
export const refusals = ({ templates }: LintContext, asked: (tag: string) => boolean): ReadonlyArray<Problem> =>
  templates.flatMap((it) => refusal(it, asked))

const refusal = ({ pointer, compiled }: Template, asked: (tag: string) => boolean): ReadonlyArray<Problem> => {
  if (Result.isSuccess(compiled) || !asked(compiled.failure.reason._tag)) return []
  const { message, reason } = compiled.failure
  return [
    { pointer: "header" in reason && reason.header !== undefined ? `${pointer}/${reason.header}` : pointer, message },
  ]
}
