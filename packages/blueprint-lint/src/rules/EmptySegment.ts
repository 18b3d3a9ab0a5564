import type { Rule } from "../Rule.ts"

export const emptySegment: Rule = {
  code: "empty-segment",
  severity: "warning",
  description:
    "The path of the URL has two consecutive slashes. It is sent and signed unchanged, and most providers do not accept such a path.",
  example: {
    wrong: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com//v1"}]',
    right: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1"}]',
  },
  check: ({ actions }) =>
    actions.flatMap(({ url }) =>
      url !== undefined && /^[^?#]*?:\/\/[^?#]*\/\//.test(url.source)
        ? [{ pointer: url.pointer, message: "The path has two consecutive slashes, and is sent unchanged" }]
        : [],
    ),
}
