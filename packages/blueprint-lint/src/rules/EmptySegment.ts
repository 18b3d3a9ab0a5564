import type { Rule } from "../Rule.ts"

export const emptySegment: Rule = {
  code: "empty-segment",
  severity: "warning",
  description:
    "The path of the URL has two slashes in a row. It is sent and signed as it is written, and most platforms do not know such a path.",
  example: {
    wrong: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com//v1"}]',
    right: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1"}]',
  },
  check: ({ actions }) =>
    actions.flatMap(({ url }) =>
      url !== undefined && /^[^?#]*?:\/\/[^?#]*\/\//.test(url.source)
        ? [{ pointer: url.pointer, message: "The path has two slashes in a row, and is sent so" }]
        : [],
    ),
}
