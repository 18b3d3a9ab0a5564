/** Whether the values of a credential can be secrets: an empty one, or a blank of a published blueprint, would only be found out by its provider. */
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { type ConnectorError, invalidConnector } from "@drawbar/connector-runtime/ConnectorError"
import { Redacted, Result } from "effect"

/** Fails with the first that is empty or a placeholder. No value is shown. */
export const check = (credential: Credential): Result.Result<void, ConnectorError> => {
  for (const [name, secret] of Object.entries(credential)) {
    const problem = problemOf(name, Redacted.value(secret))
    if (problem !== undefined)
      return Result.fail(
        invalidConnector(
          `/credential/${name}`,
          `credential ${name} ${problem}. Put the key there, or create the connector with the command, which reads it from a variable or a file: --credential ${name}=env:VARIABLE`,
        ),
      )
  }
  return Result.void
}

const problemOf = (name: string, value: string): string | undefined => {
  if (value.trim() === "") return optional.has(name) ? undefined : "is empty"
  return placeholder.test(value.trim()) ? "is a placeholder that is not filled in" : undefined
}

/** Long-lived keys have no session token, and some clients send an empty one. */
const optional: ReadonlySet<string> = new Set(AwsSigning.sessionToken)

/** `...`, `<API key>`, `YOUR_API_KEY`, `your key`, and the mask of a dry run. */
const placeholder = /^(?:\.{2,}|…+|<[^<>]*>|\*{3,}|YOUR[_ -].*|your[_ ].*)$/s
