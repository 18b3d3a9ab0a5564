import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Rule } from "../Rule.ts"

export const borrowedCredential: Rule = {
  code: "borrowed-credential",
  severity: "warning",
  about:
    "`roleArn` and `secretArn` name keys that are kept elsewhere. A role is taken on where the server has an identity of its own with AWS (`--aws-credentials env`); secrets by `secretArn` are not fetched yet.",
  example: {
    wrong: '"credential": {"roleArn": "arn:aws:iam::123456789012:role/a"}',
    right: '"credential": {"access_key": "env:AWS_ACCESS_KEY_ID", "secret_key": "env:AWS_SECRET_ACCESS_KEY"}',
  },
  check: ({ credentialNames }) =>
    AwsSigning.borrowed
      .filter((name) => credentialNames.includes(name))
      .map((name) => ({
        pointer: `/credential/${name}`,
        message:
          name === "roleArn"
            ? "roleArn needs a server with an identity of its own with AWS (--aws-credentials env), which may take on the role"
            : "secretArn names secrets that Drawbar does not fetch yet. Give the secrets themselves",
      })),
}
