import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import { members, type LintContext } from "../LintContext.ts"

export const signing: Rule = {
  code: "signing",
  severity: "error",
  description:
    "A connector with protocol `aws_sigv4` lacks what a signature requires: `access_key` and `secret_key` in its credential, `service_name` and `region` in its parameters.",
  example: {
    wrong: '"protocol": "aws_sigv4", "parameters": {"region": "us-east-1"}',
    right:
      '"protocol": "aws_sigv4", "parameters": {"region": "us-east-1", "service_name": "bedrock"}, "credential": {"access_key": "env:AWS_ACCESS_KEY_ID", "secret_key": "env:AWS_SECRET_ACCESS_KEY"}',
  },
  check: (context) => (context.isAws ? missing(context) : []),
}

/** Everything that is missing, in one run. */
export const missing = ({ document, parameters }: LintContext): ReadonlyArray<Problem> => {
  const credential = members(document["credential"])
  const { accessKey, secretKey, borrowed, identity, nameIn, regionOfHost } = AwsSigning
  const has = (name: string) => parameters[name] !== undefined || credential[name] !== undefined
  const hasKeys = nameIn(credential, accessKey) !== undefined && nameIn(credential, secretKey) !== undefined
  const urls = (Array.isArray(document["actions"]) ? document["actions"] : []).map((action) =>
    String(members(action)["url"]),
  )
  const region = urls.some(
    (url) => regionOfHost({ actions: [{ action_type: "PREDICT", method: "POST", url }] }) !== undefined,
  )
  return [
    ...(hasKeys || nameIn(credential, borrowed) !== undefined || parameters[identity] !== undefined
      ? []
      : [
          {
            pointer: "/credential",
            message: "Missing credential: access_key and secret_key are required for aws_sigv4",
          },
        ]),
    ...(has(Reserved.serviceName)
      ? []
      : [
          {
            pointer: `/parameters/${Reserved.serviceName}`,
            message: "Missing service name: AWS signatures are for a service, such as bedrock or sagemaker",
          },
        ]),
    ...(has(Reserved.region) || region
      ? []
      : [
          {
            pointer: `/parameters/${Reserved.region}`,
            message: "Missing region: AWS signatures are for a region, such as us-east-1",
          },
        ]),
  ]
}
