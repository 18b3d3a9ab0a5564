import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const untrustedHost: Rule = {
  code: "untrusted-host",
  severity: "error",
  description:
    "Requests to this URL are not allowed: it matches no entry of `plugins.ml_commons.trusted_connector_endpoints_regex` and its host is not in `plugins.drawbar.trusted_hosts`. Correct the URL, or ask the operator to run the command in the message.",
  example: {
    wrong: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openia.com/v1"}]',
    right: '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1"}]',
  },
  check: ({ actions, environment }) =>
    actions.flatMap(({ url }) => {
      if (url === undefined || Result.isFailure(url.compiled) || url.compiled.success.url === undefined) return []
      const message = environment.untrusted(sample(url.compiled.success.url.origin, url.source))
      return message === undefined ? [] : [{ pointer: url.pointer, message }]
    }),
}

// The caller's part of the path does not affect trust; the rest of the URL does.
const sample = (origin: string, source: string): string => {
  const path = /^[^/]*\/\/[^/?#]+(\/[^#]*)?/.exec(source.replaceAll(/\$\{[^}]*\}/g, "0"))?.[1] ?? "/"
  return `${origin}${path}`
}
