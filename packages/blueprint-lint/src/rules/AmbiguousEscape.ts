import type { Rule } from "../Rule.ts"
import { holesOf, type LintContext } from "../LintContext.ts"

export const ambiguousEscape: Rule = {
  code: "ambiguous-escape",
  severity: "warning",
  description:
    "This parameter stands inside a string of the body and has a backslash. Because its text is fit for a JSON string as it is, it goes in as it is: `\\n` becomes a line break. Write `\\\\n` if a backslash is meant.",
  example: {
    wrong:
      '"parameters": {"prompt": "one\\\\ntwo"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"q\\": \\"${parameters.prompt}\\"}"}]',
    right:
      '"parameters": {"prompt": "one\\ntwo"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"q\\": \\"${parameters.prompt}\\"}"}]',
  },
  check: (subject) =>
    [...inStrings(subject)]
      .filter((name) => hasEscape(subject.parameters[name] ?? ""))
      .map((name) => ({
        pointer: `/parameters/${name}`,
        message: `The escapes in '${name}' are read as JSON's: a backslash and an n become a line break`,
      })),
}

const inStrings = ({ actions, parameters }: LintContext): ReadonlySet<string> =>
  new Set(
    actions
      .flatMap(({ body }) => (body === undefined ? [] : holesOf(body)))
      .filter(
        ({ kind, position, name }) => kind === "parameter" && position === "string" && Object.hasOwn(parameters, name),
      )
      .map(({ name }) => name),
  )

const hasEscape = (text: string): boolean => {
  if (!text.includes("\\")) return false
  try {
    JSON.parse(`"${text.replaceAll(/\$\{[^}]*\}/g, "")}"`)
    return true
  } catch {
    return false
  }
}
