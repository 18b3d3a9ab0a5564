import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import { members, type LintContext } from "../LintContext.ts"

export const plainSecret: Rule = {
  code: "plain-secret",
  severity: "warning",
  description:
    "A key stands in a header, a parameter or a URL as it is, where everybody who may read the connector reads it. Put it into `credential`, which is stored sealed and never shown, and write `${credential.name}` in the header.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer abc123def456"}}]',
    right:
      '"credential": {"key": "env:OPENAI_API_KEY"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
  },
  check: (subject) => [...inHeaders(subject), ...inParameters(subject), ...inUrls(subject)],
}

// The value is never repeated: findings are printed in places where it has no business.
const problem = (pointer: string, where: string): Problem => ({
  pointer,
  message: `${where} holds a secret as it is. Move it to credential, and write \${credential.name} in a header`,
})

const inHeaders = ({ actions }: LintContext) =>
  actions.flatMap(({ pointer, document }) =>
    Object.entries(members(document["headers"])).flatMap(([name, value]) =>
      typeof value === "string" && !value.includes("${") && (isSecretHeader(name, value) || looksSecret(value))
        ? [problem(`${pointer}/headers/${name}`, `Header '${name}'`)]
        : [],
    ),
  )

const inParameters = ({ parameters }: LintContext) =>
  Object.entries(parameters).flatMap(([name, value]) =>
    value !== "" && !value.includes("${") && (secretName.test(name) || looksSecret(value))
      ? [problem(`/parameters/${name}`, `Parameter '${name}'`)]
      : [],
  )

const inUrls = ({ actions }: LintContext) =>
  actions.flatMap(({ url }) =>
    url !== undefined &&
    (/[?&](?:api[-_]?key|key|token|access_token)=(?!\$)[^&]+/i.test(url.source) || looksSecret(url.source))
      ? [problem(url.pointer, "The URL")]
      : [],
  )

const isSecretHeader = (name: string, value: string): boolean =>
  value.trim() !== "" &&
  /^(?:authorization|proxy-authorization|cookie|x-api-key|api-key|x-auth-token|x-goog-api-key)$/i.test(name)

const secretName =
  /(?:^|[_-])(?:api[_-]?key|secret|secret[_-]?key|access[_-]?key|password|session[_-]?token|auth[_-]?token|bearer)$/i

/** The forms in which platforms give their keys. */
const looksSecret = (value: string): boolean => forms.test(value)

const forms =
  /\bsk-[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}|\bgsk_[A-Za-z0-9]{20,}|\bxai-[A-Za-z0-9]{20,}|\bhf_[A-Za-z0-9]{20,}|\bghp_[A-Za-z0-9]{20,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----/
