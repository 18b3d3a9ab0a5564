import { Result } from "effect"
import type { Rule } from "../Rule.ts"

export const plainHttp: Rule = {
  code: "plain-http",
  severity: "warning",
  description:
    "A secret goes over the network as anybody on the way can read it. Use `https`, unless the platform is on this machine.",
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
                  message: "The connector's secret would go over http, readable on the way. Use https",
                },
              ]
            : [],
        ),
}

const isOpen = (origin: string): boolean => /^http:\/\/(?!localhost(?::|$)|127\.|\[::1\])/.test(origin)
