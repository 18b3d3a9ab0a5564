import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const untrustedHost: Rule = {
  code: "untrusted-host",
  severity: "error",
  description:
    "Requests may not go there: no entry of `plugins.ml_commons.trusted_connector_endpoints_regex` lets the URL pass. The nearest entry is told; correct the URL, or let the operator add its host.",
  example: {
    wrong: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openia.com/v1"}]',
    right: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1"}]',
  },
  check: ({ actions, host }) =>
    actions.flatMap(({ url }) => {
      if (url === undefined || Result.isFailure(url.compiled) || url.compiled.success.url === undefined) return []
      const message = host.untrusted(sample(url.compiled.success.url.origin, url.source))
      return message === undefined ? [] : [{ pointer: url.pointer, message }]
    }),
}

// What callers put into the path does not decide who is trusted: the rest of it does.
const sample = (origin: string, source: string): string => {
  const path = /^[^/]*\/\/[^/?#]+(\/[^#]*)?/.exec(source.replaceAll(/\$\{[^}]*\}/g, "0"))?.[1] ?? "/"
  return `${origin}${path}`
}
