import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { Result } from "effect"
import type { Rule } from "../Rule.ts"
import { holesOf, type LintContext, members } from "../LintContext.ts"

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
      .filter(
        (name) => !used.has(name) && !Reserved.isRead(name, subject.document["protocol"]) && !scripts.includes(name),
      )
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
    const read = readCredentials(subject)
    return subject.credentialNames
      .filter((name) => !used.has(name) && !read.has(name))
      .map((name) => ({ pointer: `/credential/${name}`, message: `No header uses the secret '${name}'` }))
  },
}

/** The credentials that Drawbar reads by their names, given the protocol and what else the connector asks for. */
const readCredentials = ({ document, credentialNames, isAws }: LintContext): ReadonlySet<string> => {
  const { protocol } = document
  const read: ReadonlySet<unknown> = new Set([
    isAws || protocol === "google_cloud" ? protocol : "http",
    ...(isAws || credentialNames.includes(Reserved.secretArn) ? ["aws_sigv4 or secretArn"] : []),
    ...(members(document["client_config"])["mutual_tls_enabled"] === true ? ["mutual TLS"] : []),
  ])
  return new Set(Reserved.credentials.filter(({ readBy }) => read.has(readBy)).map(({ name }) => name))
}

/** The names of all holes; nothing where a template cannot be read. */
const usedNames = ({ templates }: LintContext, kind: string): ReadonlySet<string> | undefined =>
  templates.some(({ compiled }) => Result.isFailure(compiled))
    ? undefined
    : new Set(
        templates
          .flatMap(holesOf)
          .flatMap((hole) => (hole.kind === kind ? [hole.name, hole.name.replace(/\.toString\(\)$/, "")] : [])),
      )
