import type { Rule } from "../Rule.ts"
import { placeholdersOf, type LintContext } from "../LintContext.ts"

export const ambiguousEscape: Rule = {
  code: "ambiguous-escape",
  severity: "warning",
  description:
    "This parameter is used inside a string of the body and contains a backslash. Its text is already valid inside a JSON string, so it is inserted unchanged: `\\n` becomes a line break. Write `\\\\n` for a literal backslash.",
  example: {
    wrong:
      '"parameters": {"prompt": "one\\\\ntwo"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"q\\": \\"${parameters.prompt}\\"}"}]',
    right:
      '"parameters": {"prompt": "one\\ntwo"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"q\\": \\"${parameters.prompt}\\"}"}]',
  },
  check: (context) =>
    [...inStrings(context)]
      .filter((name) => hasEscape(context.parameters[name] ?? ""))
      .map((name) => ({
        pointer: `/parameters/${name}`,
        message: `The escapes in '${name}' are interpreted as JSON escapes: a backslash and an n become a line break`,
      })),
}

const inStrings = ({ actions, parameters }: LintContext): ReadonlySet<string> =>
  new Set(
    actions
      .flatMap(({ body }) => (body === undefined ? [] : placeholdersOf(body)))
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
