import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import { members, type LintContext } from "../LintContext.ts"

export const plainSecret: Rule = {
  code: "plain-secret",
  severity: "warning",
  description:
    "A header, a parameter or a URL contains a key in plain text, visible to everyone who may read the connector. Move it to `credential`, which is stored encrypted and never shown, and write `${credential.name}` in the header.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer abc123def456"}}]',
    right:
      '"credential": {"key": "env:OPENAI_API_KEY"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
  },
  check: (context) => [...inHeaders(context), ...inParameters(context), ...inUrls(context)],
}

// The value is never repeated, because findings are printed where secrets must not appear.
const problem = (pointer: string, where: string): Problem => ({
  pointer,
  message: `${where} contains a secret in plain text. Move it to credential, and write \${credential.name} in a header`,
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

/** The formats of providers' keys. */
const looksSecret = (value: string): boolean => forms.test(value)

const forms =
  /\bsk-[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}|\bgsk_[A-Za-z0-9]{20,}|\bxai-[A-Za-z0-9]{20,}|\bhf_[A-Za-z0-9]{20,}|\bghp_[A-Za-z0-9]{20,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----/
