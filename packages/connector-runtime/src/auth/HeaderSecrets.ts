/** The secrets that headers carry, held against what a header can carry before they are sealed. */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import { Redacted, Result } from "effect"
import { type CompiledConnector, nameOf } from "../call/CompiledConnector.ts"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"

/** Fails at the first that cannot be sent; says where its character stands, and shows nothing of it. */
export const check = (
  { connector, actions }: CompiledConnector,
  credential: Credential,
): Result.Result<void, ConnectorError> => {
  // A signature covers printable ASCII only.
  const charset = connector.protocol === "aws_sigv4" ? "ascii" : "latin1"
  for (const [index, { action, headers }] of actions.entries()) {
    for (const { kind, name, header = "" } of headers.placeholders) {
      const secret = kind === "credential" ? credential[name] : undefined
      if (secret === undefined) continue
      const value = Redacted.value(secret)
      const found = HeadersTemplate.unsendable(value, charset)
      if (found !== undefined)
        return Result.fail(
          invalidConnector(
            `/credential/${name}`,
            `Action ${nameOf(action, index)}: header '${header}' cannot be sent, because credential '${name}' has ${found.character} at character ${found.index + 1} of ${value.length}. Take it out`,
          ),
        )
    }
  }
  return Result.void
}
