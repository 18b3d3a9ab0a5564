/** The server's own identity with Google Cloud, where its operator gives it one: connectors with `auth_mode: adc` call models as the server itself. */
import * as GoogleCloud from "@drawbar/blueprint-schema/GoogleCloud"
import { Context, type Effect, Result } from "effect"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"

export interface GoogleIdentity {
  /** An access token, fetched again before it expires. It never goes through the connectors' egress. */
  readonly token: Effect.Effect<string, ConnectorError>
}

/** Nothing: connectors call with keys of their own only. */
export const GoogleIdentity = Context.Reference<GoogleIdentity | undefined>(
  "@drawbar/connector-runtime/GoogleIdentity",
  { defaultValue: () => undefined },
)

/** https://cloud.google.com/vertex-ai/docs/reference/rest#rest_endpoints */
const vertex = /^https:\/\/(?:[a-z0-9-]+-)?aiplatform(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com$/

/**
 * The server's own token for a connector; refused unless the operator gives the server an identity, and every request goes to Vertex AI:
 * a token is good for all of Google Cloud, so that what is lent for models must open nothing else.
 */
export const lend = (
  identity: GoogleIdentity | undefined,
  origins: Iterable<string>,
): Result.Result<GoogleIdentity["token"], ConnectorError> => {
  const foreign = [...origins].find((origin) => !vertex.test(origin))
  if (identity === undefined)
    return refused(
      "this server has no identity of its own with Google Cloud: its operator has to start it with --google-credentials file or metadata",
    )
  return foreign === undefined
    ? Result.succeed(identity.token)
    : refused(`${foreign} is not an endpoint of Vertex AI, and the server's own token goes nowhere else`)
}

const refused = (why: string) =>
  Result.fail(invalidConnector(`/parameters/${GoogleCloud.authMode}`, `auth_mode adc: ${why}`))
