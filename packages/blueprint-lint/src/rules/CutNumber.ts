import * as Names from "@drawbar/blueprint-schema/ProcessFunctionName"
import * as Script from "@drawbar/painless/Script"
import { Result } from "effect"
import type { Rule } from "../Rule.ts"
import { functions } from "./ProcessFunction.ts"

export const cutNumber: Rule = {
  code: "cut-number",
  severity: "warning",
  description:
    "A variable of a process function is declared with `def` and an integer, and a compound assignment adds a value that may have a fraction. Painless casts the result to the variable's current type, so the fraction is lost: `def sum = 0; sum += 2.5` results in 2. Declare the variable with its type.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "def sum = 0; for (score in params.scores) { sum += score } return \'\' + sum;"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "double sum = 0; for (score in params.scores) { sum += score } return \'\' + sum;"}]',
  },
  check: (context) =>
    functions(context).flatMap(({ pointer, text }) => {
      const script = Names.isName(text) ? undefined : Result.getOrUndefined(Script.compile(text, { returns: "String" }))
      return (script?.warnings ?? []).map(({ column, line, message }) => ({
        pointer,
        message: `line ${line}, column ${column}: ${message}`,
      }))
    }),
}
