import type { Rule } from "../Rule.ts"
import { refusals } from "./Template.ts"

export const bodyNotJson: Rule = {
  code: "body-not-json",
  severity: "error",
  description:
    "This `request_body` never becomes valid JSON, whatever fills its placeholders: a comma or a quote is missing, or there is an extra brace. If the body is not meant to be JSON, set another `content-type`.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"input\\": ${parameters.input}}}"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"input\\": ${parameters.input}}"}]',
  },
  check: (context) => refusals(context, (tag) => tag === "Malformed"),
}
