import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const plainHttp: Rule = {
  code: "plain-http",
  severity: "warning",
  description: "A secret is sent over the network unencrypted. Use `https`, unless the provider runs on this machine.",
  example: {
    wrong:
      '"credential": {"key": "env:A"}, "actions": [{"action_type": "predict", "method": "POST", "url": "http://models.example.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
    right:
      '"credential": {"key": "env:A"}, "actions": [{"action_type": "predict", "method": "POST", "url": "https://models.example.com/v1", "headers": {"Authorization": "Bearer ${credential.key}"}}]',
  },
  check: ({ actions, credentialNames }) =>
    credentialNames.length === 0
      ? []
      : actions.flatMap(({ url }) =>
          url !== undefined && Result.isSuccess(url.compiled) && isOpen(url.compiled.success.url?.origin ?? "")
            ? [
                {
                  pointer: url.pointer,
                  message: "The connector's secret would be sent unencrypted over http. Use https",
                },
              ]
            : [],
        ),
}

const isOpen = (origin: string): boolean => /^http:\/\/(?!localhost(?::|$)|127\.|\[::1\])/.test(origin)
