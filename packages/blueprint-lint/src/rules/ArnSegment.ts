import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const arnSegment: Rule = {
  code: "arn-segment",
  severity: "warning",
  description:
    "The path of the URL contains a parameter that is an ARN with a slash. The ARN is sent unchanged, as two segments of the path, but Amazon Bedrock requires one. Write the slash as `%2F`.",
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
          : url.compiled.success.placeholders.filter(({ position }) => position === "path").map(({ name }) => name),
      ),
    )
    return [...inPath]
      .filter((name) => /^arn:[\w-]+:[^/]*\//.test(parameters[name] ?? ""))
      .map((name) => ({
        pointer: `/parameters/${name}`,
        message: `The slash in this ARN splits it into two segments of the path. Write it as %2F`,
      }))
  },
}
