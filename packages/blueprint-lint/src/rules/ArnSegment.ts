import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const arnSegment: Rule = {
  code: "arn-segment",
  severity: "warning",
  description:
    "A parameter with an ARN that has a slash stands in the path of the URL. It is sent as the connector has it, as two segments of the path; Amazon Bedrock wants one. Write the slash as `%2F`.",
  example: {
    wrong:
      '"parameters": {"model": "arn:aws:bedrock:us-east-1:111122223333:inference-profile/a"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://bedrock-runtime.us-east-1.amazonaws.com/model/${parameters.model}/converse"}]',
    right:
      '"parameters": {"model": "arn:aws:bedrock:us-east-1:111122223333:inference-profile%2Fa"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://bedrock-runtime.us-east-1.amazonaws.com/model/${parameters.model}/converse"}]',
  },
  check: ({ actions, parameters }) => {
    const inPath = new Set(
      actions.flatMap(({ url }) =>
        url === undefined || Result.isFailure(url.compiled)
          ? []
          : url.compiled.success.holes.filter(({ position }) => position === "path").map(({ name }) => name),
      ),
    )
    return [...inPath]
      .filter((name) => /^arn:[\w-]+:[^/]*\//.test(parameters[name] ?? ""))
      .map((name) => ({
        pointer: `/parameters/${name}`,
        message: `The slash of this ARN splits it into two segments of the path. Write it as %2F`,
      }))
  },
}
