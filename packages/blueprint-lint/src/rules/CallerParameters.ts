import type { Rule } from "../Rule.ts"
import { holesOf, type Action } from "../LintContext.ts"

export const callerParameters: Rule = {
  code: "caller-parameters",
  severity: "info",
  description:
    "What each predict has to bring, because neither the connector nor a default gives it. A pre-process function makes some of these out of `text_docs` and the like.",
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
        : [{ pointer: action.pointer, message: `A call has to bring: ${names.join(", ")}` }]
    }),
}

const namesOf = ({ url, headers, body }: Action): ReadonlyArray<string> => {
  const holes = [url, headers, body].flatMap((template) => (template === undefined ? [] : holesOf(template)))
  const open = holes.filter(
    ({ kind, authored, default: otherwise, position }) =>
      kind === "parameter" && !authored && otherwise === undefined && position !== "fragment",
  )
  return [...new Set(open.map(({ name }) => name))]
}
