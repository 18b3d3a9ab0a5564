import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { Result } from "effect"
import type { Rule } from "../Rule.ts"
import { placeholdersOf, type LintContext, members } from "../LintContext.ts"

export const unusedParameter: Rule = {
  code: "unused-parameter",
  severity: "warning",
  description:
    "No placeholder uses this parameter, and nothing else reads it. Perhaps a placeholder has another name, or a part of `request_body` is missing.",
  example: {
    wrong:
      '"parameters": {"model": "a"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"name\\": \\"${parameters.name}\\"}"}]',
    right:
      '"parameters": {"model": "a"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "request_body": "{\\"model\\": \\"${parameters.model}\\"}"}]',
  },
  check: (context) => {
    const used = usedNames(context, "parameter")
    if (used === undefined) return []
    const scripts = context.actions
      .flatMap(({ document }) => [document["pre_process_function"], document["post_process_function"]])
      .join("\n")
    return Object.keys(context.parameters)
      .filter(
        (name) => !used.has(name) && !Reserved.isRead(name, context.document["protocol"]) && !scripts.includes(name),
      )
      .map((name) => ({ pointer: `/parameters/${name}`, message: `Nothing reads the parameter '${name}'` }))
  },
}

export const unusedCredential: Rule = {
  code: "unused-credential",
  severity: "warning",
  description: "No header uses this secret. Remove it: a secret that is not needed is an unnecessary risk.",
  example: {
    wrong:
      '"credential": {"key": "env:A", "old_key": "env:B"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
    right:
      '"credential": {"key": "env:A"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
  },
  check: (context) => {
    const used = usedNames(context, "credential")
    if (used === undefined) return []
    const read = readCredentials(context)
    return context.credentialNames
      .filter((name) => !used.has(name) && !read.has(name))
      .map((name) => ({ pointer: `/credential/${name}`, message: `No header uses the secret '${name}'` }))
  },
}

/** The credentials that Drawbar reads by name, depending on the protocol and the connector's other features. */
const readCredentials = ({ document, credentialNames, isAws }: LintContext): ReadonlySet<string> => {
  const { protocol } = document
  const read: ReadonlySet<unknown> = new Set([
    isAws || protocol === "google_cloud" ? protocol : "http",
    ...(isAws || credentialNames.includes(Reserved.secretArn) ? ["aws_sigv4 or secretArn"] : []),
    ...(members(document["client_config"])["mutual_tls_enabled"] === true ? ["mutual TLS"] : []),
  ])
  return new Set(Reserved.credentials.filter(({ readBy }) => read.has(readBy)).map(({ name }) => name))
}

/** The names of all placeholders; undefined if a template is invalid. */
const usedNames = ({ templates }: LintContext, kind: string): ReadonlySet<string> | undefined =>
  templates.some(({ compiled }) => Result.isFailure(compiled))
    ? undefined
    : new Set(
        templates
          .flatMap(placeholdersOf)
          .flatMap((placeholder) =>
            placeholder.kind === kind ? [placeholder.name, placeholder.name.replace(/\.toString\(\)$/, "")] : [],
          ),
      )
