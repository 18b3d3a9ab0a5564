import type { Rule } from "../Rule.ts"
import { placeholdersOf, type Action } from "../LintContext.ts"

export const callerParameters: Rule = {
  code: "caller-parameters",
  severity: "info",
  description:
    "The parameters that each predict request must provide, because neither the connector nor a default sets them. A pre-process function derives some of them from `text_docs` and similar input.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"messages\\": ${parameters.messages}}"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"messages\\": ${parameters.messages:-[]}}"}]',
  },
  check: ({ actions }) =>
    actions.flatMap((action) => {
      const names = namesOf(action)
      return names.length === 0
        ? []
        : [{ pointer: action.pointer, message: `A predict request must provide: ${names.join(", ")}` }]
    }),
}

const namesOf = ({ url, headers, body }: Action): ReadonlyArray<string> => {
  const placeholders = [url, headers, body].flatMap((template) =>
    template === undefined ? [] : placeholdersOf(template),
  )
  const open = placeholders.filter(
    ({ kind, authored, default: otherwise, position }) =>
      kind === "parameter" && !authored && otherwise === undefined && position !== "fragment",
  )
  return [...new Set(open.map(({ name }) => name))]
}
