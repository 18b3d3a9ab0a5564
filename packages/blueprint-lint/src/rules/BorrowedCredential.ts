import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Rule } from "../Rule.ts"

export const borrowedCredential: Rule = {
  code: "borrowed-credential",
  severity: "warning",
  description:
    "`roleArn`, `secretArn` and `aws_identity` refer to keys that are stored elsewhere. They require a server with its own AWS identity (`--aws-credentials`). In addition, the operator must list the secret (`--aws-secret`), or the service that connectors may sign for as the server (`--aws-sign-for`).",
  example: {
    wrong: '"credential": {"roleArn": "arn:aws:iam::123456789012:role/a"}',
    right: '"credential": {"access_key": "env:AWS_ACCESS_KEY_ID", "secret_key": "env:AWS_SECRET_ACCESS_KEY"}',
  },
  check: ({ credentialNames, parameters }) => [
    ...AwsSigning.borrowed
      .filter((name) => credentialNames.includes(name))
      .map((name) => ({ pointer: `/credential/${name}`, message: needs[name] })),
    ...(parameters[AwsSigning.identity] === undefined
      ? []
      : [{ pointer: `/parameters/${AwsSigning.identity}`, message: needs[AwsSigning.identity] }]),
  ],
}

const needs = {
  roleArn: "roleArn requires a server with its own AWS identity (--aws-credentials) that may assume the role",
  secretArn: "secretArn requires a server whose operator allows connectors to use that secret (--aws-secret)",
  aws_identity:
    "aws_identity requires a server whose operator allows connectors to sign for that service as the server (--aws-sign-for)",
}
