import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import * as GoogleCloud from "@drawbar/blueprint-schema/GoogleCloud"
import { Result } from "effect"
import type { Rule } from "../Rule.ts"
import { holesOf, type LintContext } from "../LintContext.ts"

export const unusedParameter: Rule = {
  code: "unused-parameter",
  severity: "warning",
  description:
    "No template fills a hole with this parameter, and nothing else reads it: perhaps a hole has another name, or a part of `request_body` is missing.",
  example: {
    wrong:
      '"parameters": {"model": "a"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"name\\": \\"${parameters.name}\\"}"}]',
    right:
      '"parameters": {"model": "a"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"model\\": \\"${parameters.model}\\"}"}]',
  },
  check: (subject) => {
    const used = usedNames(subject, "parameter")
    if (used === undefined) return []
    const scripts = subject.actions
      .flatMap(({ document }) => [document["pre_process_function"], document["post_process_function"]])
      .join("\n")
    return Object.keys(subject.parameters)
      .filter((name) => !used.has(name) && !isRead(name) && !scripts.includes(name) && !isNeeded(subject, name))
      .map((name) => ({ pointer: `/parameters/${name}`, message: `Nothing reads the parameter '${name}'` }))
  },
}

export const unusedCredential: Rule = {
  code: "unused-credential",
  severity: "warning",
  description: "No header uses this secret. A secret that nothing needs is one more that can get lost: leave it out.",
  example: {
    wrong:
      '"credential": {"key": "env:A", "old_key": "env:B"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
    right:
      '"credential": {"key": "env:A"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
  },
  check: (subject) => {
    const used = usedNames(subject, "credential")
    if (used === undefined) return []
    const readsSecret = subject.credentialNames.includes("secretArn")
    const isGoogle = subject.document["protocol"] === "google_cloud"
    const read = new Set<string>(
      subject.isAws ? awsNames : [...(isGoogle ? googleNames : tokenNames), ...(readsSecret ? secretNames : [])],
    )
    return subject.credentialNames
      .filter((name) => !used.has(name) && !read.has(name))
      .map((name) => ({ pointer: `/credential/${name}`, message: `No header uses the secret '${name}'` }))
  },
}

/** What access tokens are fetched with. */
const tokenNames = ["client_id", "client_secret", "google_service_account"]

/** What `google_cloud` asks for access tokens with. */
const googleNames = [...GoogleCloud.secrets, "private_key_id", "token_uri"]

/** What secrets of AWS are read with. */
const secretNames = [...AwsSigning.borrowed, "externalId"]

const awsNames = [
  ...AwsSigning.accessKey,
  ...AwsSigning.secretKey,
  ...AwsSigning.sessionToken,
  ...secretNames,
  "region",
  "service_name",
]

/** The names of all holes; nothing where a template cannot be read. */
const usedNames = ({ templates }: LintContext, kind: string): ReadonlySet<string> | undefined =>
  templates.some(({ compiled }) => Result.isFailure(compiled))
    ? undefined
    : new Set(
        templates
          .flatMap(holesOf)
          .flatMap((hole) => (hole.kind === kind ? [hole.name, hole.name.replace(/\.toString\(\)$/, "")] : [])),
      )

/** What the protocol asks for, whether or not a URL has it. */
const isNeeded = ({ document }: LintContext, name: string): boolean =>
  document["protocol"] === "google_cloud" && GoogleCloud.parameters.some((needed) => needed === name)

/** What the runtime reads by its name, and what callers of agents are known to send. */
const isRead = (name: string): boolean =>
  read.has(name) ||
  name.startsWith("pre_process_function.") ||
  name.startsWith("post_process_function.") ||
  /^_\w+_json$/.test(name)

const read = new Set([
  "region",
  "service_name",
  AwsSigning.identity,
  "http_body",
  "response_filter",
  "input_processors",
  "output_processors",
  "input_docs_processed_step_size",
  "skip_validating_missing_parameters",
  "no_escape_params",
  "oauth2_token_url",
  "oauth2_scope",
  GoogleCloud.authMode,
  "scopes",
  "_llm_interface",
  "stream_delta_path",
  "stream_usage",
])
