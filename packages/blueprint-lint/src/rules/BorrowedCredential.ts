import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Rule } from "../Rule.ts"

export const borrowedCredential: Rule = {
  code: "borrowed-credential",
  severity: "warning",
  about:
    "`roleArn` and `secretArn` name keys that are kept elsewhere. The connector is created, but cannot sign or authorise until it has keys of its own.",
  example: {
    wrong: '"credential": {"roleArn": "arn:aws:iam::123456789012:role/a"}',
    right: '"credential": {"access_key": "env:AWS_ACCESS_KEY_ID", "secret_key": "env:AWS_SECRET_ACCESS_KEY"}',
  },
  check: ({ credentialNames }) =>
    AwsSigning.borrowed
      .filter((name) => credentialNames.includes(name))
      .map((name) => ({
        pointer: `/credential/${name}`,
        message: `${name} names keys that Drawbar does not fetch yet. Give access_key and secret_key, and session_token if they are temporary`,
      })),
}
