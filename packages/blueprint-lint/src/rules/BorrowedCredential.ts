import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Rule } from "../Rule.ts"

export const borrowedCredential: Rule = {
  code: "borrowed-credential",
  severity: "warning",
  description:
    "`roleArn`, `secretArn` and `aws_identity` stand for keys that are kept elsewhere: they need a server with an identity of its own with AWS (`--aws-credentials`), whose operator also lists the secret (`--aws-secret`), or the service that connectors may sign for as the server (`--aws-sign-for`).",
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
  roleArn:
    "roleArn needs a server with an identity of its own with AWS (--aws-credentials), which may take on the role",
  secretArn: "secretArn needs a server whose operator lets connectors name that secret (--aws-secret)",
  aws_identity:
    "aws_identity needs a server whose operator lets connectors sign for that service as itself (--aws-sign-for)",
}
