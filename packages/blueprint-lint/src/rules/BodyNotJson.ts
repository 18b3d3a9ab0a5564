import type { Rule } from "../Rule.ts"
import { refusals } from "./Template.ts"

export const bodyNotJson: Rule = {
  code: "body-not-json",
  severity: "error",
  description:
    "Whatever fills its holes, this `request_body` never becomes JSON: a comma or a quote is missing, or a brace too many. Give a `content-type` that is not JSON if it is meant to be other text.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"input\\": ${parameters.input}}}"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"input\\": ${parameters.input}}"}]',
  },
  check: (subject) => refusals(subject, (tag) => tag === "Malformed"),
}
